"""Pieces that digests are made of: lists that fit, beginnings of texts, the last cut."""

import dataclasses
from collections.abc import Collection, Iterable
from typing import Self

from cave_agent.runtime.digests.masking import mask_secrets

ELLIPSIS = "…"
_READ_FOR_MASKING = 2_000
_PATH_ROOM = 150


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What a digest has to keep to.

    Attributes:
        room: Characters that it should have at most.
        depth: How many digests it is within.
        private: Whether it is to tell names and types only.
        hidden: Names of columns, keys and fields of which it is to tell the types only.
    """

    room: int
    depth: int = 0
    private: bool = False
    hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, room: int, private: bool | Collection[str]) -> Self:  # noqa: FBT001
        """Return the terms of a value, given what of it is private."""
        if isinstance(private, bool):
            return cls(room, private=private)
        return cls(room, hidden=frozenset(private))

    def inner(self, room: int) -> Self:
        """Return the terms of a digest within this one."""
        return dataclasses.replace(self, room=max(min(room, self.room), 0), depth=self.depth + 1)

    def hides(self, name: object) -> bool:
        """Whether only the type of a column, key or field is told."""
        return self.private or (type(name) is str and name in self.hidden)


def listed(parts: Iterable[str], room: int, *, more: bool = False) -> str:
    """Return as many parts as there is room for, with an ellipsis for the rest.

    Args:
        parts: The texts; no more of them are made than are shown.
        room: Characters.
        more: Whether there are more than the parts.

    Example:
        >>> listed(["alpha", "beta", "gamma"], 14)
        'alpha, beta, …'
    """
    shown: list[str] = []
    used = 0
    for part in parts:
        if shown and used + len(part) > room:
            more = True
            break
        shown.append(part)
        used += len(part) + 2
    return ", ".join([*shown, ELLIPSIS] if more else shown)


def bracketed(head: str, parts: Iterable[str], room: int, *, more: bool = False) -> str:
    """Return a head followed by parts in brackets, if there are any."""
    content = listed(parts, room - len(head) - 6, more=more)
    return f"{head} [{content}]" if content else head


def quoted(text: str, room: int) -> str:
    """Return the beginning of a text, as a literal in one line.

    Example:
        >>> quoted("mysql://root:secret@db/shop", 18)
        "'mysql://root:***@d…'"
    """
    # What lies behind the cut may be what tells that the text before it is a password.
    head = mask_secrets(str.__getitem__(text, slice(0, _READ_FOR_MASKING)))
    is_whole = len(head) <= room and str.__len__(text) <= _READ_FOR_MASKING
    return repr(head if is_whole else head[: max(room, 1)] + ELLIPSIS)


def quoted_path(path: str) -> str:
    """Return a path as a literal; of a long one the end, which has the name."""
    path = mask_secrets(path[-_READ_FOR_MASKING:])
    return quoted(
        path if len(path) <= _PATH_ROOM else ELLIPSIS + path[-_PATH_ROOM:], _PATH_ROOM + 1
    )


def one_line(text: str, room: int) -> str:
    """Return a text within its room, in one line, without what no encoding can carry."""
    line = "; ".join(part.strip() for part in text.splitlines() if part.strip())
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")
    return line if len(line) <= room else line[: room - 1] + ELLIPSIS
