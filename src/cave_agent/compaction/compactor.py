"""When a conversation is compacted, and in which order; what does it is loaded only then."""

from typing import TYPE_CHECKING

from cave_agent.conversation import Conversation
from cave_agent.events import Event
from cave_agent.models.base import Model
from cave_agent.runtime.base import Runtime

if TYPE_CHECKING:
    from cave_agent.compaction.draft import Draft

DEFAULT_CONTEXT_WINDOW = 128_000
"""Tokens that a model is taken to read where nothing else is known."""

_FULL = 0.8  # the rest is for the reply, and for what the count may be wrong by
_ENOUGH = 0.65  # what is left is given up for: the next turns would fill the window again
_ROOMY = 0.5  # as much is made room for at once: providers have cached none of a new prefix
_SUMMARY = 1 / 8  # of that room
_WORDS = 1 / 2  # of that room is for what the user said in turns that are left out
_MOST_SUMMARY_TOKENS = 2_000


class Compactor:
    """Keeps a conversation within the model's window.

    Args:
        model: Who is sent the conversation, and writes summaries of it.
        runtime: Where its cells run.
        conversation: The conversation.
        context_window: Tokens that the model can read; `None` for what it says itself.
        max_history: Turns of which the observations stay as they are while there is room.
    """

    def __init__(
        self,
        model: Model,
        runtime: Runtime,
        conversation: Conversation,
        context_window: int | None,
        max_history: int,
    ) -> None:
        self._model = model
        self._runtime = runtime
        self._conversation = conversation
        self._window = context_window or model.context_window or DEFAULT_CONTEXT_WINDOW
        self._max_history = max_history

    async def fit(self) -> list[Event]:
        """Make the conversation shorter if the next request would nearly fill the window.

        Returns:
            What was done, if anything.
        """
        if not self._conversation.fits(self._window * _FULL):
            return await self._compact(self._draft(), self._window * _ROOMY, self._window * _ENOUGH)
        unfolded = self._conversation.unfolded_turns
        if unfolded < self._max_history + max(self._max_history // 2, 1):
            return []
        draft = self._draft()
        draft.fold_turns(unfolded - self._max_history)
        return [*draft.finish()]

    async def shrink(self) -> list[Event]:
        """Make the conversation at most half as long, whatever it counts: a provider refused it.

        Returns:
            What was done, if anything could be.
        """
        draft = self._draft()
        half = min(draft.size, self._window) * _ROOMY
        return await self._compact(draft, half, half)

    async def _compact(self, draft: "Draft", target: float, limit: float) -> list[Event]:
        """Go from what loses least to what loses most, each as far as there is need."""
        events: list[Event] = []
        draft.fold(target)
        most_tokens = min(_MOST_SUMMARY_TOKENS, int(target * _SUMMARY))
        if count := draft.turns_to_summarise(target, most_tokens):
            from cave_agent.compaction.summary import summarise  # noqa: PLC0415 - seldom needed

            events += await summarise(self._model, self._runtime, draft, count, most_tokens, target)
        if draft.failure or draft.size > limit:
            goal = limit if count and not draft.failure else target
            draft.drop(goal, limit, target * _WORDS)
        return [*events, *draft.finish()]

    def _draft(self) -> "Draft":
        from cave_agent.compaction.draft import Draft  # noqa: PLC0415 - seldom needed

        return Draft(self._conversation, self._runtime)
