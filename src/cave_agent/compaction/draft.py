"""A conversation while it is made shorter."""

import re
from collections.abc import Iterable
from functools import cached_property

from cave_agent.compaction import prompts
from cave_agent.compaction.words import Words
from cave_agent.conversation import Conversation, Sent, words_of
from cave_agent.events import CompactedEvent
from cave_agent.messages import MessageRole
from cave_agent.prompts import CHANGED, answer_note, answers_as_written
from cave_agent.runtime.base import Runtime
from cave_agent.tokens import count_tokens

_LATEST_OBSERVATIONS = 3
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
        scale: How many tokens its provider counts for one that is counted here.
    """

    def __init__(self, conversation: Conversation, runtime: Runtime) -> None:
        self.failure = ""
        self._conversation = conversation
        self._runtime = runtime
        self._counted = conversation.recounted_tokens()
        self.scale = max(conversation.tokens() / max(self._counted, 1), _LEAST_SCALE)
        self._before = self.size
        self._payload_before = conversation.payload()
        self._words = Words(conversation.earlier.words)
        self._folded: dict[int, list[Sent]] = {}
        self._summarised = 0
        self._dropped = 0

    @property
    def size(self) -> float:
        """Its tokens, as its provider counts them."""
        return self._counted * self.scale

    def fold(self, target: float) -> None:
        """Fold pictures and then what cells brought, the oldest first; the latest ones stay.

        Args:
            target: The size to come down to.
        """
        turns = self._conversation.turns
        for turn in turns[:-1]:
            self._fold_pictures(turn, _observations(turn), target)
        for turn in turns[-1:]:
            self._fold_pictures(turn, _observations(turn)[:-_LATEST_OBSERVATIONS], target)
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
            gain += (_tokens(turn) - _tokens_left(turn)) * self.scale
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

    def drop(self, target: float, limit: float, room: float) -> None:
        """Give up the oldest turns but for what the user said in them.

        Args:
            target: The size to come down to.
            limit: The size above which what the user said and the summary are given up, too.
            room: What the user said stays word by word up to this size; beyond, the beginning and
                end of long ones do.
        """
        self._recount()
        self._shorten_words(room)
        while self.size > target and self._last_turn > 0:
            self._remove(1)
            self._dropped += 1
            self._shorten_words(room)
        self._fold_last_turn(limit, 1)
        self._recount()
        if self.size > limit:
            self._forget(limit)

    def _forget(self, limit: float) -> None:
        """Give up what the user said, but for the latest that fits into half of the free room."""
        earlier = self._conversation.earlier
        room = limit - (self.size - self._words.tokens * self.scale)
        self._shorten_words(room)
        if self.size <= limit:
            return
        if room < 0:
            earlier.summary = ""
        earlier.forgotten += self._words.forget(room / 2 / self.scale)

    def _shorten_words(self, size: float) -> None:
        before = self._words.tokens
        self._words.shorten(size / self.scale)
        self._counted += self._words.tokens - before

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
            self._replace(turn, place, self._folded_text(turn, place))

    def _fold_pictures(self, turn: list[Sent], places: Iterable[int], target: float) -> None:
        for place in places:
            if self.size <= target:
                return
            if turn[place].shows_pictures:
                self._replace(turn, place, self._without_pictures(turn, place))

    def _replace(self, turn: list[Sent], place: int, content: str) -> None:
        sent = turn[place]
        before = sent.tokens
        sent.replace(content)
        if sent.tokens != before:
            self._counted += sent.tokens - before
            self._folded[id(turn)] = turn

    def _folded_text(self, turn: list[Sent], place: int) -> str:
        """Return what is sent of an observation from now on; all its text where that is short."""
        sent = turn[place]
        told = _told_by(sent)
        answer = ""
        if sent.answer and not answers_as_written(_reply_before(turn, place), sent.answer):
            answer = answer_note(sent.answer)
        output = told.replace(answer, "", 1)
        if len(output) <= _SHORT:
            return self._without_pictures(turn, place)
        line = prompts.folded_observation(output, self._names_in(turn, place), sent.pictures)
        return "\n".join(filter(None, [line, answer, sent.kept]))

    def _without_pictures(self, turn: list[Sent], place: int) -> str:
        sent = turn[place]
        if not sent.pictures:
            return sent.message.content
        line = prompts.folded_pictures(sent.pictures, self._names_in(turn, place))
        return "\n".join(filter(None, [_told_by(sent).rstrip("\n"), line, sent.kept]))

    def _names_in(self, turn: list[Sent], place: int) -> list[str]:
        """Return the variables that a cell was about: those that it changed first."""
        reply, told = _reply_before(turn, place), _told_by(turn[place])
        changed = " ".join(_CHANGED.findall(told.partition(f"{CHANGED}\n")[2]))
        words = [*_WORD.findall(changed), *_WORD.findall(reply), *_QUOTED_WORD.findall(told)]
        return [word for word in dict.fromkeys(words) if word in self._data_names]

    @cached_property
    def _data_names(self) -> set[str]:
        return set(self._runtime.data_names())

    def _remove(self, count: int) -> None:
        """Take the oldest turns out of what is sent, but for what must stay of them."""
        conversation, earlier = self._conversation, self._conversation.earlier
        before = self._words.tokens
        for turn in conversation.turns[:count]:
            kept = _kept_of(turn)
            self._words.add(words_of(turn))
            earlier.kept += kept
            self._counted += sum(map(count_tokens, kept)) - _tokens(turn)
        self._counted += self._words.tokens - before
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


def _told_by(sent: Sent) -> str:
    return sent.message.content.removesuffix(sent.kept)


def _reply_before(turn: list[Sent], place: int) -> str:
    return turn[place - 1].content if place else ""
