"""Finding things by words: which of them are meant, the best first."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")


def matches(query: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of the entries that hold all words of a query, in name or text.

    Where none does, they are those that hold some of the words. More words come first, then words
    in names, then whole words before parts of words; otherwise the order stays.

    Args:
        query: Words in any order; case and a plural's "s" do not matter.
        entries: Pairs of a name and the text that says what it is.

    Example:
        >>> matches("forms of pdfs", [("csv", "Reads a table."), ("pdf-forms", "Of paper.")])
        ['pdf-forms']
    """
    words = _words(query)
    found = []
    for name, text in entries:
        scores = [score for word in words if (score := _score(word, name.casefold(), text))]
        found.append((len(scores), sum(scores), name))
    enough = len(words) if any(held == len(words) for held, *_ in found) else 1
    ranked = sorted(found, key=lambda entry: entry[:2], reverse=True)
    return [name for held, _, name in ranked if held >= enough]


def _score(word: str, name: str, text: str) -> int:
    """Return how well a word fits an entry, 0 where it is not in it."""
    for score, part in ((3, name), (1, text.casefold())):
        if word in part:
            return score + (word in _words(part))
    return 0


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORD.findall(text.casefold())}
