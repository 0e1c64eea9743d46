"""A conversation while it is made shorter."""

import re
from collections.abc import Iterable
from functools import cached_property

from cave_agent.compaction import prompts
from cave_agent.conversation import Conversation, Sent, words_of
from cave_agent.events import CompactedEvent
from cave_agent.messages import MessageRole
from cave_agent.prompts import CHANGED, shorten
from cave_agent.runtime.base import Runtime
from cave_agent.tokens import count_tokens

_LATEST_OBSERVATIONS = 3
_MOST_OF_WORDS = 200
_SHORT = 500  # characters: to fold less gains little, and takes a figure from the model
_LEAST_GAIN = 2
_LEAST_SCALE = 0.5  # no tokenizer needs half of what another one does: a provider told nonsense
_WORD = re.compile(r"[^\W\d]\w*")
_QUOTED_WORD = re.compile(r"`([^\W\d]\w*)`")
_CHANGED = re.compile(r"^[^\w\s] ([^:\n]*)", re.MULTILINE)


class Draft:
    """Changes what is sent of a conversation, and keeps count of its size.

    Args:
        conversation: The conversation.
        runtime: Where its cells run.

    Attributes:
        failure: Why there is no summary of turns that should have one.
    """

    def __init__(self, conversation: Conversation, runtime: Runtime) -> None:
        self.failure = ""
        self._conversation = conversation
        self._runtime = runtime
        self._counted = conversation.recounted_tokens()
        self._scale = max(conversation.tokens() / max(self._counted, 1), _LEAST_SCALE)
        self._before = self.size
        self._payload_before = conversation.payload()
        self._folded: dict[int, list[Sent]] = {}
        self._summarised = 0
        self._dropped = 0

    @property
    def size(self) -> float:
        """Its tokens, as its provider counts them."""
        return self._counted * self._scale

    def fold(self, target: float) -> None:
        """Fold what cells brought, the oldest first; the latest ones of the last turn stay.

        Args:
            target: The size to come down to.
        """
        while self.size > target and self._conversation.unfolded_turns > 1:
            self.fold_turns(1)
        self._fold_last_turn(target, _LATEST_OBSERVATIONS)

    def fold_turns(self, count: int) -> None:
        """Fold all that cells brought in the next few turns."""
        for _ in range(count):
            turn = self._conversation.turns[-self._conversation.unfolded_turns]
            self._fold(turn, _observations(turn))
            self._conversation.unfolded_turns -= 1

    def turns_to_summarise(self, target: float, most_tokens: int) -> int:
        """Return how many of the oldest turns need a summary in their place.

        Args:
            target: The size to come down to.
            most_tokens: How long the summary may be.

        Returns:
            Their number; 0 where the size is small enough, or a summary would gain nothing.
        """
        if self.size <= target:
            return 0
        worthwhile = max(self.size - target + most_tokens, _LEAST_GAIN * most_tokens)
        count, gain = 0, 0.0
        for turn in self._conversation.turns[: self._last_turn]:
            if gain >= worthwhile:
                break
            count += 1
            gain += (_tokens(turn) - _tokens_left(turn)) * self._scale
        return count if gain >= _LEAST_GAIN * most_tokens else 0

    def oldest_turns(self, count: int) -> list[list[Sent]]:
        """Return the oldest turns that are sent."""
        return self._conversation.turns[:count]

    @property
    def summary(self) -> str:
        """What was done in the turns before those."""
        return self._conversation.earlier.summary

    def put_summary(self, summary: str, count: int, summarised: int) -> None:
        """Let a summary stand for the oldest turns, beside what the user said in them.

        Args:
            summary: The summary, also of what the one before it stood for.
            count: How many turns.
            summarised: How many of them it tells of.
        """
        self._conversation.earlier.summary = summary
        self._remove(count)
        self._summarised += summarised
        self._dropped += count - summarised
        self._recount()

    def drop(self, target: float, limit: float) -> None:
        """Give up the oldest turns but for the beginning and end of what the user said in them.

        Args:
            target: The size to come down to.
            limit: The size above which what the user said and the summary are given up, too.
        """
        earlier = self._conversation.earlier
        earlier.words = [shorten(words, _MOST_OF_WORDS) for words in earlier.words]
        self._recount()
        while self.size > target and self._last_turn > 0:
            self._remove(1, _MOST_OF_WORDS)
            self._dropped += 1
        self._fold_last_turn(limit, 1)
        if self.size > limit:
            self._forget(limit)

    def _forget(self, limit: float) -> None:
        """Give up what the user said, but for the latest that fits into half of the free room."""
        earlier = self._conversation.earlier
        sizes = [count_tokens(words) * self._scale for words in earlier.words]
        room = (limit - (self.size - sum(sizes))) / 2
        if room < 0:
            earlier.summary = ""
        first = len(sizes)
        while first > 0 and sizes[first - 1] <= room:
            first -= 1
            room -= sizes[first]
        del earlier.words[:first]
        earlier.forgotten += first

    def finish(self) -> list[CompactedEvent]:
        """Have the conversation sent as it is now, and return what was done, if anything."""
        self.apply()
        if self._conversation.payload() == self._payload_before and not self.failure:
            return []
        before, after = round(self._before), round(self.size)
        counts = (len(self._folded), self._summarised, self._dropped)
        told = prompts.compacted_note(before, after, *counts, self.failure)
        return [CompactedEvent(told, before, after, *counts)]

    def apply(self) -> None:
        """Have the conversation sent as it is now."""
        self._recount()
        self._conversation.rewrite(self.size)

    @property
    def _last_turn(self) -> int:
        return len(self._conversation.turns) - 1

    def _fold_last_turn(self, target: float, latest: int) -> None:
        for turn in self._conversation.turns[-1:]:
            self._fold(turn, _observations(turn)[:-latest], target)

    def _fold(self, turn: list[Sent], places: Iterable[int], target: float = 0) -> None:
        for place in places:
            if self.size <= target:
                return
            sent = turn[place]
            told = sent.message.content.removesuffix(sent.kept)
            names = self._names_in(turn[place - 1].content, told)
            line = prompts.folded_observation(told, names)
            before = sent.tokens
            if len(told) > _SHORT:
                sent.replace("\n".join(filter(None, [line, sent.kept])))
            if sent.tokens != before:
                self._counted += sent.tokens - before
                self._folded[id(turn)] = turn

    def _names_in(self, reply: str, told: str) -> list[str]:
        changed = " ".join(_CHANGED.findall(told.partition(f"{CHANGED}\n")[2]))
        words = [*_WORD.findall(changed), *_WORD.findall(reply), *_QUOTED_WORD.findall(told)]
        return [word for word in dict.fromkeys(words) if word in self._data_names]

    @cached_property
    def _data_names(self) -> set[str]:
        return set(self._runtime.data_names())

    def _remove(self, count: int, most_characters: int | None = None) -> None:
        """Take the oldest turns out of what is sent, but for what must stay of them."""
        conversation, earlier = self._conversation, self._conversation.earlier
        for turn in conversation.turns[:count]:
            words = words_of(turn)
            if most_characters is not None:
                words = [shorten(each, most_characters) for each in words]
            kept = _kept_of(turn)
            earlier.words += words
            earlier.kept += kept
            self._counted += sum(map(count_tokens, [*words, *kept])) - _tokens(turn)
        del conversation.turns[:count]
        conversation.unfolded_turns = min(conversation.unfolded_turns, len(conversation.turns))

    def _recount(self) -> None:
        self._counted = self._conversation.recounted_tokens()


def _observations(turn: list[Sent]) -> list[int]:
    return [
        place
        for place, sent in enumerate(turn)
        if sent.message.role is MessageRole.EXECUTION_RESULT
    ]


def _tokens(turn: list[Sent]) -> int:
    return sum(sent.tokens for sent in turn)


def _tokens_left(turn: list[Sent]) -> int:
    return sum(map(count_tokens, [*words_of(turn), *_kept_of(turn)]))


def _kept_of(turn: list[Sent]) -> list[str]:
    return [sent.kept for sent in turn if sent.kept]
