"""Acts out a set by every arm, makes sure that they did the same, and counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.tokens.arms import cave, json_calls, text_code
from benchmarks.tokens.counting import Counts, count, size
from benchmarks.tokens.gold import GoldSet, Turn
from benchmarks.tokens.information import seen_whole
from benchmarks.tokens.replay import ArmsDifferError, Replay


@dataclass(frozen=True)
class Arm:
    """A way of acting.

    Attributes:
        name: One word.
        title: What the table calls it.
        act: Acts out a conversation; it is given the final replies in words.
    """

    name: str
    title: str
    act: Callable[[GoldSet, Sequence[Turn], Sequence[str]], Replay]


SERIAL = Arm(
    "serial",
    "(b) JSON, one call a message",
    lambda gold, turns, _: json_calls.replay(gold, turns, parallel=False),
)
PARALLEL = Arm(
    "parallel",
    "(c) JSON, parallel calls",
    lambda gold, turns, _: json_calls.replay(gold, turns, parallel=True),
)
TEXT = Arm("text", "(d) code, text back", text_code.replay)
PROSE = Arm(
    "prose",
    "(a) reply in prose",
    lambda gold, turns, replies: cave.replay(gold, turns, replies, shown=True, answers=False),
)
ANSWERS = Arm(
    "answers",
    "(a) answer from the cell",
    lambda gold, turns, replies: cave.replay(gold, turns, replies, shown=True, answers=True),
)
AS_USED = Arm(
    "as-used",
    "(a) values stay in the runtime",
    lambda gold, turns, replies: cave.replay(gold, turns, replies, shown=False, answers=True),
)
SERIAL_SCRIPT = Arm(
    "serial-script",
    "(b), schemas as OpenAI shows them",
    lambda gold, turns, _: json_calls.replay(gold, turns, parallel=False, as_typescript=True),
)
PARALLEL_SCRIPT = Arm(
    "parallel-script",
    "(c), schemas as OpenAI shows them",
    lambda gold, turns, _: json_calls.replay(gold, turns, parallel=True, as_typescript=True),
)
ARMS = (SERIAL, PARALLEL, SERIAL_SCRIPT, PARALLEL_SCRIPT, TEXT, PROSE, ANSWERS, AS_USED)


@dataclass(frozen=True)
class Measured:
    """What an arm took for a set.

    Attributes:
        counts: Its tokens.
        results: Results of tools.
        seen: Those that the model has seen whole.
        handed: Those that the user was handed as objects.
    """

    counts: Counts
    results: int = 0
    seen: int = 0
    handed: int = 0

    @property
    def share(self) -> float:
        """The share of the results that the model has seen whole."""
        return self.seen / self.results

    @property
    def share_with_objects(self) -> float:
        """The same, with those that went to the user as objects."""
        return (self.seen + self.handed) / self.results


def measure(gold: GoldSet, arms: Sequence[Arm] = ARMS) -> dict[str, Measured]:
    """Act out a set by some arms.

    Raises:
        ArmsDifferError: They have not done the same.
    """
    measured = {arm.name: Measured(Counts()) for arm in arms}
    for number, turns in enumerate(gold.conversations):
        reference = SERIAL.act(gold, turns, ())
        replies = [turn.reply for turn in reference.turns]
        for arm in arms:
            replay = arm.act(gold, turns, replies)
            check_same(f"{gold.name} {number}, {arm.name}", gold, reference, replay)
            measured[arm.name] = _added(measured[arm.name], replay)
    return measured


def check_same(where: str, gold: GoldSet, reference: Replay, replay: Replay) -> None:
    """Make sure that two arms have done the same.

    Raises:
        ArmsDifferError: They have not.
    """
    pairs: list[tuple[str, Any, Any]] = [("state", reference.state, replay.state)]
    for number, (one, other) in enumerate(zip(reference.turns, replay.turns, strict=True)):
        if gold.code and not other.results:  # written out, not called: the state tells
            other.results = one.results
        pairs += [
            (
                f"results of turn {number}",
                sorted(map(repr, one.results)),
                sorted(map(repr, other.results)),
            ),
            (f"reply of turn {number}", one.reply, other.reply),
            (f"object of turn {number}", one.handed, other.handed),
        ]
    for what, expected, found in pairs:
        if expected != found:
            message = f"{where}: the {what} differs: {expected!r} by JSON, {found!r} here."
            raise ArmsDifferError(message)


def _added(measured: Measured, replay: Replay) -> Measured:
    counts = measured.counts + count(replay.exchanges)
    for piece in replay.unsent:
        parts = counts.parts.copy()
        parts[piece.part] += size([piece])
        counts = replace(counts, prompt=counts.prompt + size([piece]), parts=parts)
    handed = sum(len(turn.handed) for turn in replay.turns if turn.are_objects)
    return Measured(
        counts,
        measured.results + sum(len(turn.results) for turn in replay.turns),
        measured.seen + sum(map(seen_whole, replay.turns)),
        measured.handed + handed,
    )
