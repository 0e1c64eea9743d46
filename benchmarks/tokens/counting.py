"""Counts the tokens of requests and replies, with a tokenizer that needs no network."""

import functools
import importlib.util
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import tiktoken

CACHED_WEIGHT = 0.1
"""What a cached token of a prompt costs, in tokens that are read anew."""

MESSAGE_MARKERS = 4
"""Tokens around the text of a message: its beginning, its role, a separator and its end."""

CALL_MARKERS = 7
"""Tokens around a call's name and arguments, in OpenAI's published `harmony` format."""

_MARKER = -1  # no token of any encoding, so markers match markers only


class Part(StrEnum):
    """What a stretch of a conversation is there for."""

    ROLE = "role and policy"
    RULES = "rules of working"
    TOOLS = "tools and variables"
    QUERY = "queries"
    ACTION = "cells and calls"
    RESULT = "results"
    ANSWER = "answers"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that goes to the model or comes from it.

    Attributes:
        part: What it is there for.
        text: The text, as the tokenizer gets it.
        markers: Tokens around it that are no text.
        role: Who speaks; both sides of a prefix must agree in it.
    """

    part: Part
    text: str
    markers: int = 0
    role: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One model call: what is sent, and what comes back."""

    prompt: tuple[Piece, ...]
    completion: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of a number of model calls; two of them add with `+`.

    Attributes:
        requests: Model calls.
        prompt: Tokens sent.
        cached: The part of `prompt` that the call before began with, too.
        completion: Tokens received.
        reused: Calls that begin with everything that the one before sent.
        followed: Calls that have one before them.
        parts: Tokens sent and received, by what they are there for.
    """

    requests: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reused: int = 0
    followed: int = 0
    parts: Counter[Part] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Tokens sent and received."""
        return self.prompt + self.completion

    @property
    def weighted(self) -> float:
        """The same with the provider's discount for a prefix that it has cached."""
        return self.total - self.cached * (1 - CACHED_WEIGHT)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.requests + other.requests,
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.reused + other.reused,
            self.followed + other.followed,
            self.parts + other.parts,
        )


@functools.cache
def _encoding() -> tiktoken.Encoding:
    """Return OpenAI's `cl100k_base`, from the file that the package litellm brings along."""
    found = importlib.util.find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        message = "litellm is not installed, whose tokenizer file is used: run `make check` first."
        raise RuntimeError(message)
    folder = Path(found.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return tiktoken.get_encoding("cl100k_base")


@functools.lru_cache(maxsize=100_000)
def _ids(text: str) -> tuple[int, ...]:
    return tuple(_encoding().encode_ordinary(text))


def tokens(text: str) -> int:
    """Return the number of tokens of a text."""
    return len(_ids(text))


def size(pieces: Iterable[Piece]) -> int:
    """Return the number of tokens of some pieces, markers included."""
    return sum(piece.markers + tokens(piece.text) for piece in pieces)


def count(exchanges: Sequence[Exchange]) -> Counts:
    """Count the calls of one conversation, whose requests are cached from one to the next."""
    counts = Counts()
    before: tuple[Piece, ...] = ()
    for number, exchange in enumerate(exchanges):
        cached = _common(before, exchange.prompt)
        parts: Counter[Part] = Counter()
        for piece in (*exchange.prompt, *exchange.completion):
            parts[piece.part] += size([piece])
        counts += Counts(
            requests=1,
            prompt=size(exchange.prompt),
            cached=cached,
            completion=size(exchange.completion),
            reused=int(number > 0 and exchange.prompt[: len(before)] == before),
            followed=int(number > 0),
            parts=parts,
        )
        before = exchange.prompt
    return counts


def _common(before: Sequence[Piece], now: Sequence[Piece]) -> int:
    """Return how many tokens two requests have in common from the start, in whole tokens."""
    common = 0
    for old, new in zip(before, now, strict=False):
        if old == new:
            common += size([new])
            continue
        if (old.role, old.markers) == (new.role, new.markers):
            pairs = zip(_ids(old.text), _ids(new.text), strict=False)
            same = next((place for place, (a, b) in enumerate(pairs) if a != b), None)
            common += min(tokens(old.text), tokens(new.text)) if same is None else same
        break
    return common
