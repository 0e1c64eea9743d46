"""The loop: ask the model, run its cell, tell it what happened, until it answers in prose."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from cave_agent import prompts, reports
from cave_agent.asking import Reply
from cave_agent.compaction import Compactor
from cave_agent.conversation import Conversation
from cave_agent.events import (
    CodeEvent,
    Event,
    FinalResponseEvent,
    MaxStepsReachedEvent,
    ReminderEvent,
    TextEvent,
)
from cave_agent.messages import (
    AssistantMessage,
    CodeExecutionMessage,
    ExecutionResultMessage,
    Image,
    ReminderMessage,
)
from cave_agent.models.base import Model
from cave_agent.nesting import Run
from cave_agent.objects import Objects
from cave_agent.replies import announces_code
from cave_agent.results import AgentResponse, CellRun, ExecutionResult, ExecutionStatus
from cave_agent.returns import Handover
from cave_agent.running import CellEvent, run_cell
from cave_agent.runtime.base import Runtime
from cave_agent.settings import Settings
from cave_agent.usage import TokenUsage


class Turn:
    """Answers one query.

    Args:
        model: Who is asked.
        runtime: Where cells run.
        conversation: What is remembered; it ends with the query.
        settings: Limits.
        run: Its place among the runs around it.
        handover: The objects that the model is to leave.
    """

    def __init__(
        self,
        model: Model,
        runtime: Runtime,
        conversation: Conversation,
        settings: Settings,
        handover: Handover,
        run: Run,
    ) -> None:
        self._model = model
        self._runtime = runtime
        self._conversation = conversation
        self._settings = settings
        self._handover = handover
        self._run = run
        self._compactor = Compactor(
            model, runtime, conversation, settings.context_window, settings.max_history
        )
        self._objects = Objects()
        self._started = time.perf_counter()
        self._steps = 0
        self._usage = TokenUsage()
        self._cells: list[CellRun] = []
        self._reminders: set[str] = set()
        self._last_text = ""
        self._is_answered = False

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what happens; the last event carries the response.

        However it ends, the conversation can go on.
        """
        note = prompts.INTERRUPTED
        try:
            while self._steps < self._settings.max_steps and self._run.take_step():
                self._steps += 1
                reply = self._new_reply()
                with self._run.reply():
                    async with aclosing(reply.events()) as events:
                        async for event in events:
                            yield event
                for told in reports.cell_events(self._run.told):  # while the model wrote
                    yield told
                code = self._remember(reply)
                if code is not None:
                    yield CodeEvent(code)
                    async with aclosing(self._run_cell(code)) as running:
                        async for item in running:
                            if not isinstance(item, ExecutionResult):
                                yield item
                                continue
                            for event in self._observe(code, item):
                                yield event
                    if self._is_answered:
                        yield TextEvent(self._last_text)
                        yield self._final_response(ExecutionStatus.SUCCESS)
                        return
                elif reminder := self._reminder(reply) or self._check_objects():
                    self._conversation.add(ReminderMessage(reminder))
                    yield ReminderEvent(reminder)
                else:
                    yield self._final_response(_status(reply))
                    return
            note = prompts.OUT_OF_STEPS
            self._check_objects()
            response = self._response(ExecutionStatus.MAX_STEPS_REACHED)
            yield MaxStepsReachedEvent(self._last_text, response)
        finally:
            self._conversation.end_turn(note)

    def _new_reply(self) -> Reply:
        identifier = self._settings.python_block_identifier
        return Reply(self._model, self._conversation, self._compactor, identifier)

    def _remember(self, reply: Reply) -> str | None:
        """Take a reply into the conversation, and return the cell that is to run."""
        self._usage += reply.usage
        self._run.add_usage(reply.usage)
        self._last_text = reply.text or self._last_text
        if reply.cell is None or reply.is_cut_off or reply.is_filtered:
            self._conversation.add(AssistantMessage(reply.remembered))
            return None
        self._conversation.add(CodeExecutionMessage(reply.remembered))
        return reply.cell

    def _run_cell(self, code: str) -> AsyncGenerator[CellEvent | ExecutionResult, None]:
        return run_cell(
            self._run,
            self._runtime,
            code,
            time_limit=self._settings.max_exec_timeout,
            max_output=self._settings.max_exec_output,
        )

    def _observe(self, code: str, result: ExecutionResult) -> Iterator[Event]:
        """Tell the model what its cell did, and take the answer if the cell gave one."""
        if not result.refused:
            self._cells.append(CellRun(code, result))
        limit = self._settings.max_exec_output
        reminder = None if result.answer is None else self._check_objects(is_answered=True)
        is_answered = result.answer is not None and reminder is None
        told = prompts.observation(result, limit, self._steps_left())
        answer = prompts.answered(result, code, limit) if is_answered else ""
        news = take_news(self._conversation, self._runtime, self._settings.describe_budget)
        images, note = self._pictures(result)
        parts = filter(None, [told, answer, note, reminder, news])
        told = self._runtime.mask_private("\n".join(parts) or prompts.NOTHING)
        self._conversation.add(ExecutionResultMessage(told, images))
        yield from reports.result_events(result, limit)
        if reminder is not None:
            yield ReminderEvent(reminder)
        elif result.answer is not None:
            self._last_text, self._is_answered = result.answer, True
            told = self._runtime.mask_private(prompts.shorten(result.answer, limit))
            self._conversation.add(AssistantMessage(told, by_cell=True))

    def _pictures(self, result: ExecutionResult) -> tuple[tuple[Image, ...], str]:
        if not (self._conversation.images and result.rich_outputs):
            return (), ""
        from cave_agent.images import shown_images  # noqa: PLC0415 - few need it

        return shown_images(result.rich_outputs, is_private=self._runtime.has_private)

    def _steps_left(self) -> int:
        left_of_all = self._run.steps_left()
        left = self._settings.max_steps - self._steps
        return left if left_of_all is None else min(left, left_of_all)

    def _reminder(self, reply: Reply) -> str | None:
        """Return what to tell a model whose reply is neither cell nor answer.

        Each is told once in a turn; after that, what is there is taken.
        """
        if reply.is_cut_off and reply.cell is not None:
            return prompts.STILL_CUT_OFF
        if reply.is_filtered:  # asked again, the model would say the same
            return None
        identifier = self._settings.python_block_identifier
        if not reply.text:
            reminder = prompts.EMPTY_REPLY
        elif announces_code(reply.text, identifier) and not reply.is_cut_off:
            reminder = prompts.announced_code(identifier)
        else:
            return None
        if reminder in self._reminders:
            return None
        self._reminders.add(reminder)
        return reminder

    def _check_objects(self, *, is_answered: bool = False) -> str | None:
        """Take the objects that were asked for, and return what to tell the model of the others."""
        succeeded = [run.code for run in self._cells if run.result.success]
        self._objects, reminder = self._handover.check(succeeded, is_answered=is_answered)
        return reminder

    def _final_response(self, status: ExecutionStatus) -> FinalResponseEvent:
        if not self._last_text and self._cells:
            self._last_text = self._cells[-1].result.output.strip()
        return FinalResponseEvent(self._last_text, self._response(status))

    def _response(self, status: ExecutionStatus) -> AgentResponse:
        self._run.settle()
        return AgentResponse(
            content=self._last_text,
            status=status,
            steps_taken=self._steps,
            max_steps=self._settings.max_steps,
            token_usage=self._usage + self._run.nested_usage,
            nested_usage=self._run.nested_usage,
            total_steps=self._run.total_steps,
            duration=time.perf_counter() - self._started,
            cells=tuple(self._cells),
            objects=self._objects,
        )


def _status(reply: Reply) -> ExecutionStatus:
    """Return how a run ends that this reply ends."""
    if reply.is_filtered:
        return ExecutionStatus.FILTERED
    return ExecutionStatus.TRUNCATED if reply.is_cut_off else ExecutionStatus.SUCCESS


def take_news(conversation: Conversation, runtime: Runtime, budget: int | None, *more: str) -> str:
    """Return what the model has not been told about the runtime yet, and count it as told.

    Args:
        conversation: Knows what was told, and keeps the news in what the model is sent.
        runtime: What the news are about.
        budget: Tokens for descriptions; `None` for no limit.
        *more: Further news.
    """
    descriptions = runtime.describe_injected_since(
        conversation.told_injections, conversation.briefing, budget
    )
    conversation.told_injections = runtime.injections
    news = prompts.news("\n".join(filter(None, [descriptions, *more])))
    conversation.keep(news)
    return news
