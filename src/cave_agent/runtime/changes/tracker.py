"""Before and after a cell: which names it made, rebound, changed in place and deleted."""

from collections.abc import Collection, Mapping
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cave_agent.results import Change, ChangeKind
from cave_agent.runtime.inspection import is_kind, module_name

if TYPE_CHECKING:
    from cave_agent.runtime.changes.fingerprint import Fingerprint

_MISSING: Any = object()
_PLAIN = frozenset({int, float, bool, type(None), object})
"""Types of values that do not change in place, and of which the whole is told."""

_BY_TEXT = frozenset({"globals", "locals", "vars", "exec", "eval", "__dict__", "__main__"})
"""Names of what reaches variables whose names do not stand in the code."""

_MOST_NAMES = 1_000
_MOST_PARTS = 20_000
_LARGE = 10**18
_ROOM = 200
_ROOM_BEFORE = 60


class Look(NamedTuple):
    """What a variable was before a cell.

    Attributes:
        identity: That of the object, which itself may be freed while the cell runs.
        content: Its fingerprint.
        digest: Its digest, where that is short.
        fields: What its fields were, as texts.
    """

    identity: int
    content: "Fingerprint"
    digest: str
    fields: dict[str, str]


Before: TypeAlias = dict[str, Any]
"""What a cell can reach, as it was before: by name a `Look`, a plain number, or `_MISSING`."""


class Tracker:
    """Tells what cells change in a namespace, at a cost that does not grow with the namespace.

    Args:
        namespace: The variables.
        private: What of them is private, by name, as `Variable` has it.
    """

    def __init__(
        self, namespace: dict[str, Any], private: Mapping[str, bool | tuple[str, ...]]
    ) -> None:
        self._namespace = namespace
        self._private = private
        self._known: set[str] = set()
        self._given: dict[str, int] = {}
        self._shared: dict[int, str] = {}
        self._room = 0

    def give(self, name: str, value: object) -> None:
        """Note an object of the host's: cells did not make it, and functions may hold it."""
        self._known.add(name)
        self._given[name] = id(value)
        self._shared[id(value)] = name

    def forget(self) -> None:
        """Begin anew with a namespace that was cleared."""
        for noted in (self._known, self._given, self._shared):
            noted.clear()

    def know(self, name: str) -> None:
        """Note a name that was bound between cells."""
        self._known.add(name)

    def begin(self, code: CodeType, *, defines: bool) -> Before:
        """Look at what a cell can reach.

        Args:
            code: The cell's.
            defines: Whether it holds functions or classes.
        """
        if defines:
            return self._looked_at(code)
        before: Before = {}
        look_up = self._namespace.get
        for name in code.co_names:
            before[name] = value = look_up(name, _MISSING)
            if type(value) not in _PLAIN or name in _BY_TEXT:
                return self._looked_at(code)
        return before

    def _looked_at(self, code: CodeType) -> Before:
        from cave_agent.runtime.changes.reach import names_reached  # noqa: PLC0415 - few need it

        names = names_reached(code, self._namespace, self._shared)
        if not _BY_TEXT.isdisjoint(names):
            names.update(dict.fromkeys(self._namespace))
        self._room = _MOST_PARTS
        before: Before = {}
        for name in islice(names, _MOST_NAMES):
            value = self._namespace.get(name, _MISSING)
            cls = type(value)
            if cls in _PLAIN:
                before[name] = value
            elif name[0] != "_" and cls is not ModuleType:
                before[name] = self._look(name, value)
        return before

    def end(self, before: Before, source: str) -> tuple[Change, ...]:
        """Return what a cell has changed, but for the variables of its loops.

        Args:
            before: What `begin` returned.
            source: The cell's text.
        """
        namespace = self._namespace
        if next(reversed(namespace), "") not in self._known:
            before.update(dict.fromkeys(self._take_new_names(), _MISSING))
        for name, was in before.items():
            if namespace.get(name, _MISSING) is not was:
                break
        else:
            return ()
        self._room = _MOST_PARTS
        passing = _passing_names(source, self._namespace)
        names = [name for name in before if name[0] != "_" and name not in passing]
        changes = (self._change(name, before[name]) for name in names)
        return tuple(change for change in changes if change is not None)

    def _change(self, name: str, was: Any) -> Change | None:
        """Return what became of a variable, `None` where it is what it was."""
        value = self._namespace.get(name, _MISSING)
        if value is was:
            return None
        if type(was) is Look and value is not _MISSING:
            return self._change_since(was, name, value)
        if type(was) is Look:
            before = was.digest
        else:
            before = "" if was is _MISSING else self._digest(name, was)
        if value is _MISSING:
            self._given.pop(name, None)
            self._known.discard(name)
            return Change(name, ChangeKind.DELETED, before=before)
        kind = ChangeKind.MADE if was is _MISSING else ChangeKind.REBOUND
        if kind is ChangeKind.MADE and self._is_brought(name, value):
            return None
        if (plain := _plain_digest(value)) and was is not _MISSING and plain == _plain_digest(was):
            return None
        return Change(name, kind, self._digest(name, value), before)

    def _change_since(self, look: Look, name: str, value: Any) -> Change | None:
        is_rebound = id(value) != look.identity
        now = self._fingerprint(value)
        if now.parts == look.content.parts and (now.is_whole or not is_rebound):
            return None
        if is_rebound:
            return Change(name, ChangeKind.REBOUND, self._digest(name, value), look.digest)
        from cave_agent.runtime.changes.fields import changed_fields  # noqa: PLC0415 - as above

        fields = changed_fields(look.fields, self._fields(name, value))
        return Change(name, ChangeKind.CHANGED, self._digest(name, value), look.digest, fields)

    def _take_new_names(self) -> list[str]:
        """Return the names that were bound since it was last called: they stand last."""
        new: list[str] = []
        try:
            for name in reversed(self._namespace):
                if name in self._known:
                    break
                new.append(name)
        except RuntimeError:  # a thread of a cell binds names meanwhile
            new = [name for name in tuple(self._namespace) if name not in self._known]
        self._known.update(new)
        return new[::-1]

    def _is_brought(self, name: str, value: Any) -> bool:
        """Whether a new name is an import, or of something that the host gave meanwhile."""
        cls = type(value)
        if cls is ModuleType or self._given.get(name) == id(value):
            return True
        if is_kind(cls, type):
            return module_name(value) != self._namespace.get("__name__")
        if cls is FunctionType or cls is BuiltinFunctionType:
            return bool(value.__module__ != self._namespace.get("__name__"))
        return False

    def _look(self, name: str, value: Any) -> Look:
        shown = self._digest(name, value, _ROOM_BEFORE)
        before = "" if "…" in shown else shown
        return Look(id(value), self._fingerprint(value), before, self._fields(name, value))

    def _fields(self, name: str, value: Any) -> dict[str, str]:
        from cave_agent.runtime.changes.fields import field_texts  # noqa: PLC0415 - as above

        return field_texts(value, self._private.get(name, False))

    def _fingerprint(self, value: Any) -> "Fingerprint":
        from cave_agent.runtime.changes.fingerprint import fingerprint  # noqa: PLC0415 - as above

        taken = fingerprint(value, self._room)
        self._room -= taken.cost
        return taken

    def _digest(self, name: str, value: Any, room: int = _ROOM) -> str:
        if (plain := _plain_digest(value)) and name not in self._private:
            return plain
        from cave_agent.runtime.digests import digest, is_secret_name  # noqa: PLC0415 - many

        private = self._private.get(name, type(value) in (str, bytes) and is_secret_name(name))
        return digest(value, room=room, private=private)


def _passing_names(source: str, namespace: Collection[str]) -> Collection[str]:
    if "for " not in source and "import " not in source:
        return ()
    from cave_agent.runtime.changes.reach import passing_names  # noqa: PLC0415 - as above

    return passing_names(source, namespace)


def include(outer: Before, nested: Before) -> None:
    """Take over into one cell's view what another one could reach that it ran."""
    for name, was in nested.items():
        outer.setdefault(name, was)


def _plain_digest(value: object) -> str:
    """Return the digest of a plain number, an empty text for any other value.

    It is what `digest` returns, which takes longer to load than such a cell takes to run.
    """
    cls = type(value)
    if cls is int:
        return f"int {value}" if -_LARGE < value < _LARGE else ""  # type: ignore[operator]
    if cls is float or cls is bool:
        return f"{cls.__name__} {value!r}"
    return "None" if value is None else ""
