"""The published package as a subject: 0.7 runs as this checkout does, 0.8 has seams of its own."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from benchmarks.subjects.cave import USAGE, Cave, Reply, ScriptedReplies, ScriptedStream, models

KINDS = {"TextEvent": "text", "CodeEvent": "code", "FinalResponseEvent": "final_response"}


class StreamOf08:
    """What a provider's stream defines in 0.8."""

    usage: Any
    finish_reason: str | None

    def script(self, pieces: ScriptedStream) -> "StreamOf08":
        """Take the pieces to send."""
        self._pieces = pieces
        return self

    async def _open_stream(self) -> AsyncGenerator[str, None]:
        return aiter(self._pieces)

    def _process_stream_chunk(self, chunk: str) -> Any:
        self.usage, self.finish_reason = USAGE, "stop"
        return models.StreamDelta(content=chunk)


class RepliesOf08(ScriptedReplies):
    """What a provider's model defines in 0.8."""

    async def _complete(self, messages: list[dict[str, str]]) -> Any:
        return await ScriptedReplies.call(self, messages)

    def stream(self, messages: list[dict[str, str]]) -> Any:
        """Return the next reply in pieces."""
        response = type("ScriptedResponse", (StreamOf08, models.StreamResponse), {})
        return response().script(super().stream(messages))


class Cave08(Cave):
    """The published 0.8 as a `Subject`."""

    def model(self, replies: Iterable[Reply], delay: float) -> Any:
        """Return a model with a script."""
        return type("ScriptedModel", (RepliesOf08, models.Model), {})(replies, delay)

    def options(self) -> dict[str, Any]:
        """Return nothing: it draws nothing, and its window holds all that is sent here."""
        return {}

    def kind(self, event: Any) -> str:
        """Return the kind that the class of an event stands for."""
        name = type(event).__name__
        return KINDS.get(name, name)


def make() -> Cave:
    """Return the subject for the version that is installed."""
    return Cave08() if hasattr(models, "StreamResponse") else Cave()
