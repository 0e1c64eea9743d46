"""What the model reads about skills at the start."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.runtime import PythonRuntime
from cave_agent.skills import Skill, SkillRegistry

BUDGET = 20_000


def catalog_of(*skills: Skill) -> str:
    registry = SkillRegistry.of(runtime := PythonRuntime())
    registry.add(skills)
    assert runtime.names()
    return registry.describe()


def entries(catalog: str) -> dict[str, str]:
    """Return name and description of each skill, as a parser of XML reads them."""
    block = re.search(r"<available_skills>.*</available_skills>", catalog, re.DOTALL)
    assert block is not None
    return {
        str(skill.findtext("name")): str(skill.findtext("description"))
        for skill in ET.fromstring(block[0])
    }


def test_it_says_what_there_is_and_how_to_use_it() -> None:
    catalog = catalog_of(Skill("pdf", "Fills\n  forms."), Skill("csv", "Reads tables."))
    assert entries(catalog) == {"pdf": "Fills forms.", "csv": "Reads tables."}
    assert '`activate_skill("name")`' in catalog


def test_hidden_skills_are_left_out() -> None:
    hidden = Skill("secret-skill", "Hidden.", hidden=True)
    assert entries(catalog_of(hidden, Skill("a", "b"))) == {"a": "b"}
    assert catalog_of(hidden) == ""


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=100)).filter(
            lambda pair: bool(pair[0].strip() and pair[1].strip())
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda pair: pair[0].strip(),
    )
)
def test_any_text_is_well_formed(pairs: list[tuple[str, str]]) -> None:
    catalog = catalog_of(*(Skill(name, description) for name, description in pairs))
    block = catalog[catalog.index("<available_skills>") :]
    assert len(list(ET.fromstring(block))) == len(pairs)


@pytest.mark.parametrize("text", ["Does <this> & that. ", "Plain words. "])
def test_over_budget_descriptions_are_shortened_first(text: str) -> None:
    short = [Skill(f"short-{number}", "Brief.") for number in range(50)]
    long = [Skill(f"long-{number}", text * 60) for number in range(50)]
    catalog = catalog_of(*short, *long)
    assert BUDGET * 0.9 < len(catalog) < BUDGET * 1.03
    read = entries(catalog)
    assert len(read) == 100
    assert all(read[skill.name] == "Brief." for skill in short)
    for skill in long:
        assert read[skill.name].endswith("…")
        assert skill.description.startswith(read[skill.name].removesuffix("…"))
        assert len(read[skill.name]) > 100


def test_over_budget_without_descriptions_some_are_left_out_and_that_is_told() -> None:
    catalog = catalog_of(*(Skill(f"skill-{n}", "Does this and that. " * 50) for n in range(1000)))
    listed = len(entries(catalog))
    assert 100 < listed < 1000
    assert len(catalog) < BUDGET * 1.03
    assert f'{1000 - listed:,} more skills are not listed: `find_skills("a few words")`' in catalog


def test_a_description_over_the_limit_of_the_standard_is_cut() -> None:
    (description,) = entries(catalog_of(Skill("a", "x" * 5000))).values()
    assert len(description) == 1024
