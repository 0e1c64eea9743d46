"""Counting tokens offline, where no provider has counted them.

The tokenizer is `tiktoken` with an encoding file that `litellm` brings along, so the `litellm`
extra has both. Models have tokenizers of their own: their counts differ by some percent, for other
languages than English by up to half.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

_ENCODING = "cl100k_base"
_ENCODING_FILE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # what tiktoken calls it in its cache
_CACHE_VARIABLE = "TIKTOKEN_CACHE_DIR"
_MOST_AT_ONCE = 10_000  # tiktoken's time grows faster than a run of the same character

# Each piece is about one token: what tokenizers cut text into before they look up its parts.
_PIECE = re.compile(
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
    return sum(1 for _ in _PIECE.finditer(text))


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
    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
