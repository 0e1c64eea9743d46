"""What a stub tells of documentation: the first sentence, and what the signature does not say."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from cave_agent.runtime.docstrings import read_docstring
from cave_agent.runtime.entries import MORE, Detail

INDENT = " "
"""Of members; with it and one space before comments, stubs have a tenth fewer tokens."""

_LONGEST = 200
_MOST_READ = 8_000
_WORD = re.compile(r"[^\W_]+")
_FILLERS = {
    *("a", "all", "an", "any", "are", "as", "be", "by", "each", "for", "from", "given", "if", "in"),
    *("is", "it", "its", "of", "on", "optional", "or", "that", "the", "this", "to", "value"),
    *("whether", "which", "with", "str", "string", "int", "integer", "number", "float", "bool"),
    *("dict", "list", "none"),
}
"""Words that say nothing about a parameter."""


Facts: TypeAlias = dict[tuple[str, str], str]
"""What is said of parameters, with the signature of the function that says it first."""


class Documentation:
    """What is told of the documentation of a function, a method or a class.

    Args:
        detail: How much: all of it, what a stub needs, or nothing.
        text: The docstring.
        description: What the host says, told first and whole.
        signature: What is told anyway.
        tells_result: Whether what is said of the result matters.
        facts: What was said of parameters by others; it is not told again.
    """

    def __init__(
        self,
        detail: Detail,
        text: str | None,
        description: str | None = None,
        *,
        signature: str = "",
        tells_result: bool = True,
        facts: Facts | None = None,
    ) -> None:
        self._detail = detail
        text = _within(text or "", _MOST_READ)
        description = (description or "").strip()
        self._full = "\n\n".join(filter(None, [description, text])) if detail is Detail.FULL else ""
        self._description = description if detail is Detail.BRIEF else ""
        self._doc = read_docstring(text if detail is Detail.BRIEF else "")
        self._said = _words(f"{signature} {self._doc.summary} {self._description}")
        self._signature = signature
        self._tells_result = tells_result
        self._facts = {} if facts is None else facts

    def of(self, name: str, note: str = "") -> str:
        """Return what it says of a field beyond its name; that is not told again.

        Args:
            name: The field.
            note: What the field says itself.
        """
        if note:
            return note if self._detail <= Detail.BRIEF else ""
        return self._news(name, self._doc.parameters.pop(name, ""))

    def comment(self) -> str:
        """Return what stands behind the signature."""
        if self._full:
            return self._full
        texts = [self._description, self._doc.summary]
        for name, text in self._news_of_all():
            # By signature, as the same documentation may be told more than once.
            if self._facts.setdefault((name, text), self._signature) == self._signature:
                texts.append(f"{name}: {text}")
        texts = [text for text in texts if text]
        told = " ".join([*map(_ended, texts[:-1]), *texts[-1:]])
        is_cut = any(len(text) > _LONGEST for text in self._doc.parameters.values())
        return f"{told} {MORE}".strip() if self._doc.has_more or is_cut else told

    def _news_of_all(self) -> Iterator[tuple[str, str]]:
        for name, text in self._doc.parameters.items():
            if news := self._news(name, text):
                yield name, news
        if self._tells_result and (news := self._news("", self._doc.returns)):
            yield "returns", news

    def _news(self, name: str, text: str) -> str:
        if not _words(text) - self._said - _words(name) - _FILLERS:
            return ""
        return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0]


def _within(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]} {MORE}"


def commented(head: str, comment: str, colon: str = "") -> str:
    """Return a line of source with a comment, or with a docstring where the text has lines.

    Args:
        head: The line.
        comment: What stands behind it.
        colon: Ends the line before a comment.
    """
    if "\n" not in comment:
        return f"{head}{colon} # {comment}" if comment else head + colon
    lines = (f"{INDENT}{line}".rstrip() for line in f'"""{comment}"""'.splitlines())
    return "\n".join([f"{head}:", *lines])


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORD.findall(text.lower())}


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."
