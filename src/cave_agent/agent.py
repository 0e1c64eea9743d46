"""The agent: a model, a runtime and a conversation."""

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar, get_args, overload

from cave_agent import clock, prompts
from cave_agent._lock import FairLock
from cave_agent.blocking import run_blocking
from cave_agent.conversation import Conversation
from cave_agent.display import LogLevel, display_for
from cave_agent.events import Event, FinalResponseEvent, MaxStepsReachedEvent
from cave_agent.loop import Turn, take_news
from cave_agent.messages import Message, SystemMessage, UserMessage
from cave_agent.models.base import Model
from cave_agent.nesting import Run, agent_around
from cave_agent.options import check_list, check_type
from cave_agent.results import AgentResponse
from cave_agent.returns import Handover, Request, read_request
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.python import PythonRuntime
from cave_agent.settings import Settings
from cave_agent.skills.registry import SkillRegistry
from cave_agent.skills.skill import Skill

T = TypeVar("T")


class CaveAgent:
    r"""A language model that works on the live objects of a runtime.

    The runtime and the conversation last as long as the agent: each `run` goes on where the last
    one stopped. A second `run` while one is under way waits for its turn.

    Args:
        model: Who writes the code.
        runtime: Where it runs; by default an empty `PythonRuntime`.
        instructions: The agent's role and behaviour, in your words.
        skills_dir: A directory with skills, which the model may activate; see `skills`.
        skills: Skills that the model may activate. They win over those in `skills_dir`.
        max_steps: Replies that the model may give in one run.
        max_history: Turns (a query and all that answered it) that the model is sent as they were;
            in older ones outputs of cells are folded to a line each.
        max_exec_output: Characters of a cell's output that the model is told; beyond, it is told
            head and tail, and the whole is kept in a variable.
        system_instructions: How to work with the runtime; replaces the default rules.
        system_prompt_template: How the system message is put together, with the placeholders
            `{instructions} {system_instructions} {functions} {variables} {types} {skills}`.
        python_block_identifier: The label of the code blocks that are run.
        messages: A conversation to go on with.
        log_level: What `run` draws in a terminal or notebook; see `LogLevel`.
        max_exec_timeout: Seconds after which a cell is stopped and the model told; `None` for no
            limit.
        max_total_steps: Replies that this agent and those that its cells run may give together in
            one run; `None` for no limit but that of each one.
        context_window: Tokens that the model can read, by which long conversations are made to
            fit; by default what the model says itself (`model.context_window`), else 128,000.
        name: What events call it; by default the variable that it is to the agent that runs it.
        display: Whether `run` draws: `None` does so in a terminal or a notebook only.
        describe_budget: Tokens, estimated, that the descriptions of functions, variables and types
            may have together; `None` for no limit. Beyond, they are cut, and the model told how to
            find the rest.
        images: Whether the model is shown the pictures that cells make (figures, PIL images), if it
            takes any (`model.takes_images`); otherwise it reads a line about each.

    Raises:
        TypeError: `model` is no `Model`, or another argument is of the wrong kind.
        ValueError: A limit allows nothing, or the block identifier is no word.
        SkillError: There is no directory `skills_dir`.

    Attributes:
        skills: The skills that there are in the runtime, with `diagnostics` about them.

    Example:
        >>> import asyncio
        >>> from cave_agent.runtime import PythonRuntime, Variable
        >>> from cave_agent.testing import ScriptedModel
        >>> model = ScriptedModel(["```python\nproduct = 6 * 7\n```", "It is in `product`."])
        >>> agent = CaveAgent(model, PythonRuntime(variables=[Variable("product")]))
        >>> asyncio.run(agent.run("Put six times seven into product")).content
        'It is in `product`.'
        >>> agent.runtime.retrieve("product")
        42
    """

    __cave_usage__ = (
        'A CaveAgent is another agent: `response = await agent.run("a task, in words")`, several '
        "at once with asyncio.gather (where nothing awaits: `agent.run_sync(…)`). "
        "`response.content` is its answer. What is listed under it is in its runtime: "
        "`agent.runtime.update_variable(name, value)` hands it an object before, "
        "`agent.runtime.retrieve(name)` takes one after: the objects themselves."
    )

    def __init__(  # noqa: PLR0917 - positional in the public contract
        self,
        model: Model,
        runtime: Runtime | None = None,
        instructions: str = prompts.DEFAULT_INSTRUCTIONS,
        skills_dir: str | Path | None = None,
        skills: Iterable[Skill] | None = None,
        max_steps: int = 5,
        max_history: int = 10,
        max_exec_output: int = 5000,
        system_instructions: str = prompts.DEFAULT_SYSTEM_INSTRUCTIONS,
        system_prompt_template: str = prompts.DEFAULT_SYSTEM_PROMPT_TEMPLATE,
        python_block_identifier: str = "python",
        messages: Iterable[Message] | None = None,
        log_level: LogLevel = LogLevel.DEBUG,
        *,
        max_exec_timeout: float | None = None,
        max_total_steps: int | None = None,
        context_window: int | None = None,
        name: str | None = None,
        display: bool | None = None,
        describe_budget: int | None = 8_000,
        images: bool = False,
    ) -> None:
        _check_arguments(locals())
        self._settings = Settings(
            max_steps=max_steps,
            max_history=max_history,
            max_exec_output=max_exec_output,
            max_exec_timeout=max_exec_timeout,
            max_total_steps=max_total_steps,
            context_window=context_window,
            python_block_identifier=python_block_identifier,
            describe_budget=describe_budget,
        )
        self.name = name
        self.model = model
        self.runtime = PythonRuntime() if runtime is None else runtime
        self.skills = _skills_in(self.runtime, skills, skills_dir)
        self._told_skills = 0
        self._instructions = instructions
        self._system_instructions = system_instructions
        self._template = system_prompt_template
        sees = images and model.takes_images is not False
        self._conversation = Conversation(images=sees)
        for message in messages or ():
            self.add_message(message)
        self._log_level, self._display = log_level, display
        self._turn = FairLock()
        self._opened = _Opened()

    @property
    def messages(self) -> list[Message]:
        """The conversation so far, the system message first; a new list at each call."""
        return list(self._conversation.messages)

    def add_message(self, message: Message) -> None:
        """Append a message to the conversation, as if it had come up in it.

        Raises:
            TypeError: It is none of the message classes.
        """
        check_type("message", message, *get_args(Message))
        self._conversation.add(message)

    def build_system_prompt(self) -> str:
        """Return the system message for the runtime as it is now.

        A conversation is given it once, at its start. What is injected later is told along with
        the next message.
        """
        return prompts.fill_template(
            self._template,
            {
                "instructions": self._instructions,
                "system_instructions": self._rules(),
                **self.runtime.descriptions(self._settings.describe_budget),
                "skills": self.skills.describe(),
            },
        )

    def _rules(self) -> str:
        settings = self._settings
        limits = prompts.limits(
            settings.max_steps, settings.max_exec_output, settings.max_exec_timeout
        )
        rules = self._system_instructions.replace("{limits}", limits)
        return rules.replace("{python_block_identifier}", settings.python_block_identifier)

    @overload
    async def run(
        self, query: str, *, returns: Mapping[str, Any] | None = None
    ) -> AgentResponse: ...

    @overload
    async def run(self, query: str, *, returns: type[T]) -> AgentResponse[T]: ...

    @overload
    async def run(self, query: str, *, returns: object) -> AgentResponse: ...

    async def run(self, query: str, *, returns: object = None) -> AgentResponse:
        """Answer a query; it goes on from what earlier runs said and did.

        Args:
            query: What the user wants.
            returns: The objects to leave in the runtime: a mapping of variable names to types,
                or one type for a single object. A type is a class, any type hint, or a function
                that is given the object and raises where it is wrong. They are checked before
                an answer is accepted, and the model told what is wrong.

        Returns:
            The final text, how the run ended, what it cost, the cells that ran, and the objects.

        Raises:
            TypeError: The query is no text, or `returns` holds what is neither type nor function.
            ValueError: A name in `returns` cannot be that of a variable, or there is none.
            ModelError: The model failed for good; its own error is the cause.
            ContextWindowExceededError: The model cannot read all of the conversation, also after
                it was compacted.
            RuntimeUnusableError: The runtime is closed, or a cell in it cannot be stopped.
        """
        display = display_for(self._log_level, self._display)
        with display:
            async with aclosing(self.stream_events(query, returns=returns)) as events:
                async for event in events:
                    display.show(event)
                    if isinstance(event, FinalResponseEvent | MaxStepsReachedEvent):
                        response = event.response
        return response

    @overload
    def run_sync(
        self, query: str, *, returns: Mapping[str, Any] | None = None
    ) -> AgentResponse: ...

    @overload
    def run_sync(self, query: str, *, returns: type[T]) -> AgentResponse[T]: ...

    @overload
    def run_sync(self, query: str, *, returns: object) -> AgentResponse: ...

    def run_sync(self, query: str, *, returns: object = None) -> AgentResponse:
        """Answer a query, for code that does not await: scripts, and functions in cells.

        In a cell it holds up the event loop of the cell's thread, as any long call does; a time
        limit of the cell stops it.

        Args:
            query: What the user wants.
            returns: The objects to leave in the runtime; see `run`.

        Returns:
            What `run` returns.

        Raises:
            AgentNestingError: Host code called it where an event loop runs: await `run` there.
        """
        return run_blocking(self.run(query, returns=returns))

    def stream_events(self, query: str, *, returns: object = None) -> AsyncGenerator[Event, None]:
        """Answer a query, telling what happens as it happens.

        `run` is this, drained. Draws nothing. A stream that is left early can simply be dropped;
        where it is still referred to, it ends when its task runs the agent again.

        Args:
            query: What the user wants.
            returns: The objects to leave in the runtime; see `run`.

        Returns:
            An async iterator of events; the last one carries the response. Iterating it raises what
            `run` does.

        Raises:
            TypeError: The query is no text, or `returns` holds what is neither type nor function.
            ValueError: A name in `returns` cannot be that of a variable, or there is none.
        """
        check_type("query", query, str)
        opened = _Opened()
        stream = self._answer(query, read_request(returns), opened)
        opened.stream = weakref.ref(stream)
        return stream

    async def _answer(
        self, query: str, request: Request, opened: "_Opened"
    ) -> AsyncGenerator[Event, None]:
        run = Run(self, self._name_in(agent_around()), self._settings.max_total_steps)
        opened.task = asyncio.current_task()
        await self._opened.close_for(opened.task)
        run.wait_for_turn()
        try:
            async with self._turn:
                run.begin()
                self._opened = opened
                handover = self._begin(query, request)
                turn = Turn(
                    self.model, self.runtime, self._conversation, self._settings, handover, run
                )
                async with aclosing(turn.events()) as events:
                    async for event in events:
                        run.tell(event)
                        yield event
        finally:
            run.end()

    def _name_in(self, around: "CaveAgent | None") -> str:
        """Return the agent's name, or what the runtime of the agent around it calls it."""
        if self.name is not None:
            return self.name
        found = None if around is None else around.runtime.name_of(self)
        return found or "agent"

    def __cave_digest__(self) -> str:
        """Return what other models read about this agent where it is a variable of theirs."""
        return f"{type(self).__name__}\n{self.runtime.outline()}"

    def _begin(self, query: str, request: Request) -> Handover:
        handover = Handover(request, self.runtime)
        self.skills.refresh()
        if self._conversation.is_briefed:
            # What a given conversation begins with may tell of the skills that there are.
            told = "" if self._told_skills else self._conversation.briefing
            more = self.skills.describe(self._told_skills, told)
        else:
            briefing = SystemMessage(self.build_system_prompt())
            self._conversation = self._conversation.briefed(briefing)
            self._conversation.told_injections = self.runtime.injections
            more = self.runtime.told  # a briefing describes what was injected only
        self._told_skills = self.skills.changes
        news = take_news(self._conversation, self.runtime, self._settings.describe_budget, more)
        note = "\n".join(filter(None, [self._date(), news, handover.note()]))
        self._conversation.add(UserMessage(query, note))
        return handover

    def _date(self) -> str:
        """Return what day it is, unless the model was told in this conversation."""
        day = clock.today()
        if self._conversation.told_day == day:
            return ""
        self._conversation.told_day = day
        note = prompts.date_note(day)
        queries = (each for each in self._conversation.messages if isinstance(each, UserMessage))
        return "" if any(note in each.note for each in queries) else note


_TYPES: dict[str, tuple[type | None, ...]] = {
    "model": (Model,),
    "runtime": (Runtime, None),
    "skills_dir": (str, os.PathLike, None),
    "instructions": (str,),
    "system_instructions": (str,),
    "system_prompt_template": (str,),
    "log_level": (LogLevel,),
    "name": (str, None),
    "display": (bool, None),
    "images": (bool,),
}


def _check_arguments(arguments: Mapping[str, object]) -> None:
    for name, types in _TYPES.items():
        check_type(name, arguments[name], *types)
    check_list("skills", arguments["skills"], "Skill objects; skills_dir is for a directory")
    check_list("messages", arguments["messages"], "messages, such as UserMessage('…')")


def _skills_in(
    runtime: Runtime, skills: Iterable[Skill] | None, directory: str | Path | None
) -> SkillRegistry:
    """Return the skills of a runtime, with those of an agent added."""
    registry = SkillRegistry.of(runtime)
    registry.add(() if skills is None else skills)
    if directory is not None:
        registry.add_directory(directory)
    return registry


class _Opened:
    """A stream of events that was begun.

    Attributes:
        stream: The stream, held weakly: one that is dropped closes itself.
        task: The task that began it.
    """

    stream: "weakref.ref[AsyncGenerator[Event, None]] | None" = None
    task: "asyncio.Task[Any] | None" = None

    async def close_for(self, task: "asyncio.Task[Any] | None") -> None:
        """End the stream if this task began it, which then does nothing else with it."""
        stream = None if self.stream is None else self.stream()
        if stream is not None and task is not None and self.task is task:
            await stream.aclose()
