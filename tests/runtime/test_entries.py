"""Descriptions within a budget."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent import CaveAgent
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.runtime.entries import HOW_TO_FIND, tokens
from cave_agent.testing import ScriptedModel


class Lamp:
    """A lamp.

    It shines.
    """

    watts: int

    def dim(self, percent: int = 50) -> None:
        """Set the brightness."""


def tool(number: int) -> Function:
    def call(city: str, days: int = number) -> dict[str, int]:
        """Look something up in a long list of things that are far away."""
        return {city: days}

    return Function(call, name=f"tool_{number}")


def tools(count: int) -> PythonRuntime:
    return PythonRuntime([tool(number) for number in range(count)])


def lines_within(runtime: PythonRuntime, budget: int | None) -> list[str]:
    return runtime.descriptions(budget)["functions"].splitlines()


def test_what_fits_is_told_whole_and_nothing_of_what_is_missing() -> None:
    runtime = tools(3)
    whole = runtime.describe_functions()
    assert runtime.descriptions(10_000)["functions"] == whole
    assert HOW_TO_FIND not in whole


def test_documentation_goes_first_and_the_first_ones_keep_it() -> None:
    *lines, note = lines_within(tools(10), 230)
    assert note == HOW_TO_FIND
    assert lines[0].startswith("def tool_0(city: str, days: int = 0) -> dict[str, int] # Look")
    assert lines[-1] == "def tool_9(city: str, days: int = 9) -> dict[str, int]"
    documented = ["#" in line for line in lines]
    assert documented == sorted(documented, reverse=True)


def test_then_signatures_then_texts_then_names() -> None:
    *lines, _ = lines_within(tools(20), 200)
    assert lines[-1] == "def tool_19(city, days)"
    *lines, _ = lines_within(tools(20), 100)
    assert lines[-1].startswith("Further functions: tool_")
    assert lines[-1].endswith(", tool_19.")
    assert lines[0].startswith("def tool_0(")
    *lines, _ = lines_within(tools(1_000), 100)
    assert lines[0].startswith("Further functions: tool_0, tool_1,")
    assert lines[0].endswith(" more.")
    assert lines_within(tools(1_000), 1)[0] == "1,000 further functions."


def test_the_budget_is_that_of_all_together_and_the_note_is_told_once() -> None:
    runtime = PythonRuntime(
        [tool(number) for number in range(20)],
        [Variable(f"lamp_{number}", Lamp(), "A lamp") for number in range(20)],
        [Type(Lamp)],
    )
    texts = runtime.descriptions(300)
    assert "".join(texts.values()).count(HOW_TO_FIND) == 1
    assert texts["functions"].endswith(HOW_TO_FIND)
    assert "- lamp_19: Lamp" in texts["variables"]
    assert "class Lamp # watts, dim" in texts["types"]
    assert sum(map(tokens, texts.values())) < 400


def test_a_variable_loses_what_is_long_first() -> None:
    letter = Variable("letter", "Dear Ann, " * 100, "What was written")
    runtime = PythonRuntime(variables=[letter])
    whole = runtime.describe_variables()
    assert runtime.descriptions(tokens(whole))["variables"] == whole
    shorter = runtime.descriptions(tokens(whole) - 1)["variables"]
    assert shorter.startswith("- letter: str of 1,000 characters 'Dear Ann")
    assert shorter.endswith(f" - What was written\n{HOW_TO_FIND}")
    assert runtime.descriptions(8)["variables"].startswith("- letter: str\n")


@settings(max_examples=25)
@given(count=st.integers(0, 30), budget=st.integers(1, 1_500))
def test_any_budget_is_kept_and_nothing_vanishes(count: int, budget: int) -> None:
    lines = lines_within(tools(count), budget)
    told = [line for line in lines if line.startswith("def ")]
    assert sum(tokens(line) for line in told) <= budget
    named = sum(line.count("tool_") for line in lines)
    words = " ".join(line for line in lines if "urther" in line).split()
    assert named + sum(int(word) for word in words if word.isdecimal()) == count


def test_an_agent_s_budget() -> None:
    def prompt(budget: int | None) -> str:
        agent = CaveAgent(ScriptedModel([]), tools(600), describe_budget=budget)
        return agent.build_system_prompt()

    whole = prompt(None)
    assert HOW_TO_FIND not in whole
    default = CaveAgent(ScriptedModel([]), tools(600)).build_system_prompt()
    assert prompt(8_000) == default
    assert HOW_TO_FIND in default
    assert len(prompt(500)) < len(default) < len(whole)


def test_news_are_within_the_budget_too() -> None:
    runtime = PythonRuntime()
    model = ScriptedModel(["Hello.", "Hello again."])
    agent = CaveAgent(model, runtime, describe_budget=100)
    agent.run_sync("Hello")
    runtime.tell("Read this.")
    for number in range(50):
        runtime.inject_function(tool(number))
    agent.run_sync("Hello")
    told = model.requests[-1][-1]["content"]
    assert "<new_in_runtime>\nRead this.\n" in told
    assert "Further functions: tool_" in told
    assert HOW_TO_FIND in told


@pytest.mark.parametrize("budget", [0, -1, 1.5, "8k"])
def test_a_budget_that_is_none_is_refused(budget: object) -> None:
    with pytest.raises((TypeError, ValueError), match="describe_budget"):
        CaveAgent(ScriptedModel([]), describe_budget=budget)  # type: ignore[arg-type]
