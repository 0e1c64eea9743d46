"""Counting tokens offline, where no provider has counted them.

The tokenizer is `tiktoken` with an encoding file that `litellm` brings along, so the `litellm`
extra has both. Models have tokenizers of their own: their counts differ by some percent, for other
languages than English by up to half.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

_ENCODING = "cl100k_base"
_ENCODING_FILE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # what tiktoken calls it in its cache
_CACHE_VARIABLE = "TIKTOKEN_CACHE_DIR"
_MOST_BYTES_OF_CHARACTER = 4
_MOST_AT_ONCE = 10_000  # tiktoken's time grows faster than a run of the same character

# Each piece is about one token: what tokenizers cut text into before they look up its parts.
_PIECE = (
    r"[A-Za-z]{1,8}|[0-9]{1,3}"
    r"|[\u0370-\u06ff]{1,2}"  # Greek, Cyrillic, Hebrew, Arabic
    r"|[^\x00-\x7f]"
    r"|([^\w\s])\1{2,63}|[^\w\s]{1,2}|_"
    r"|\n\s*| (?=[0-9])|\s{2,}"  # another single space belongs to the word after it
)


def count_tokens(text: str) -> int:
    """Count the tokens of a text, or estimate them where there is no tokenizer.

    Args:
        text: Any text.

    Example:
        >>> count_tokens("Four words of text")
        4
    """
    return _counter()(text)


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text by the words, digits and symbols in it.

    Args:
        text: Any text.

    Example:
        >>> estimate_tokens("df.head() # 5 rows")
        8
    """
    return sum(1 for _ in re.finditer(_PIECE, text))


class Tally:
    """The number of tokens of texts in a list that grows, each counted once and only if it must be.

    Args:
        texts: The texts, each with so many tokens besides.
        count: Counts the tokens of a text.
    """

    __slots__ = ("_bounded", "_count", "_counted", "_most", "_texts", "_total")

    def __init__(self, texts: list[tuple[str, int]], count: Callable[[str], int]) -> None:
        self._texts = texts
        self._count = count
        self._counted = self._bounded = 0
        self._total = self._most = 0

    def set(self, total: int) -> None:
        """Begin anew with a total that is known."""
        self._counted = self._bounded = len(self._texts)
        self._total = self._most = total

    def most(self) -> int:
        """Return what the total is never above, at little cost: a token has a byte or more."""
        for text, more in self._texts[self._bounded :]:
            bytes_each = 1 if text.isascii() else _MOST_BYTES_OF_CHARACTER
            self._most += more + len(text) * bytes_each
        self._bounded = len(self._texts)
        return self._most

    def total(self) -> int:
        """Return the tokens of all texts."""
        new = self._texts[self._counted :]
        self.set(self._total + sum(self._count(text) + more for text, more in new))
        return self._total


@cache
def _counter() -> Callable[[str], int]:
    encoding = _offline_encoding()
    if encoding is None:
        return estimate_tokens

    def count(text: str) -> int:
        starts = range(0, len(text), _MOST_AT_ONCE)
        parts = [text[start : start + _MOST_AT_ONCE] for start in starts]
        return sum(len(encoding.encode_ordinary(part)) for part in parts)

    return count


def _offline_encoding() -> "tiktoken.Encoding | None":
    """Return the encoding if its file is on this machine: without, tiktoken would download it."""
    from importlib.util import find_spec  # noqa: PLC0415 - for what is loaded later

    given = os.environ.get(_CACHE_VARIABLE)
    folder = Path(given) if given else _folder_of_litellm()
    if folder is None or not (folder / _ENCODING_FILE).is_file() or find_spec("tiktoken") is None:
        return None
    import tiktoken  # noqa: PLC0415 - optional

    os.environ[_CACHE_VARIABLE] = str(folder)
    try:
        return tiktoken.get_encoding(_ENCODING)
    finally:
        if not given:
            del os.environ[_CACHE_VARIABLE]


def _folder_of_litellm() -> Path | None:
    """Return where litellm keeps tokenizers, without the second that it takes to import it."""
    from importlib.util import find_spec  # noqa: PLC0415 - as above

    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
