"""Which digest a value has: by its class, nearest base first."""

import sys
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

from cave_agent.runtime.digests.masking import mask_secrets
from cave_agent.runtime.digests.writing import Terms, one_line
from cave_agent.runtime.inspection import bases_of, class_dict, class_name

F = TypeVar("F", bound=Callable[..., Any])
Writer = Callable[[Any, Terms], str]

ROOM = 400
_LEAST_ROOM = 20
_MOST_LINES = 60
_MOST_READ = 50_000
_MOST_MASKED = 2_000
_DEEPEST = 8
_METHOD = "__cave_digest__"

# By identity: a metaclass may define `__hash__` and `__eq__`. The classes are kept so that no other
# one gets the identity of one that is gone.
_own: dict[int, tuple[type, Callable[[Any], str]]] = {}
_writers: dict[int, tuple[type, Writer, bool]] = {}
_awaited: dict[tuple[str, str], tuple[Writer, bool]] = {}
_packages: set[str] = set()


class Digest:
    """Tells a value's type, size and shape of content in a line, never the bulk of it.

    It neither changes nor consumes the value: iterators are not advanced, files not read, lazy
    attributes not loaded. It does not raise, but for what stops a cell or a program
    (`KeyboardInterrupt`); an object of which nothing can be told has its type.
    Passwords in URLs, keys and tokens are masked. There is one, `digest`.

    Example:
        >>> digest([{"id": 1, "total": 20.0}, {"id": 2, "total": 5.5}])
        "list of 2 dict [keys id, total; first {'id': 1, 'total': 20.0}]"
    """

    def __call__(
        self, value: object, *, room: int = ROOM, private: bool | Collection[str] = False
    ) -> str:
        """Return the digest of a value.

        Args:
            value: Any object.
            room: Characters that it may have.
            private: `True` to tell names and types only, without a sample; or the names of the
                columns, keys and fields that this holds for.

        Raises:
            ValueError: There is no room for anything.
        """
        return one_line("\n".join(self.lines(value, room=room, private=private)), room)

    def lines(
        self, value: object, *, room: int = ROOM, private: bool | Collection[str] = False
    ) -> list[str]:
        """Return the digest of a value in lines.

        They are several only where a digest of your own has several; then `room` is that of each.

        Args:
            value: Any object.
            room: Characters that a line may have.
            private: As above.

        Raises:
            ValueError: There is no room for anything.
        """
        if room < _LEAST_ROOM:
            message = f"room={room!r} is too little: a digest needs {_LEAST_ROOM} characters."
            raise ValueError(message)
        text = write(value, Terms.of(room, private))
        told = [line for line in text[:_MOST_READ].splitlines() if line.strip()]
        lines = [one_line(mask_secrets(line[:_MOST_MASKED]), room) for line in told[:_MOST_LINES]]
        return lines or [class_name(type(value))]

    def register(self, cls: type) -> Callable[[F], F]:
        """Return a decorator for the function that digests values of a class.

        It takes a value and returns its digest: type, size, what is in it. Classes that inherit
        from `cls` and have none of their own use it, too. A class can also have a method
        `__cave_digest__(self) -> str`. Where `private` is given, neither is asked.

        Args:
            cls: The class; what was registered for it before is replaced.

        Raises:
            TypeError: `cls` is no class.

        Example:
            >>> class Basket:
            ...     def __init__(self, *fruit):
            ...         self._fruit = fruit
            >>> @digest.register(Basket)
            ... def _(basket):
            ...     return f"Basket of {len(basket._fruit)} fruit"
            >>> digest(Basket("apple", "pear"))
            'Basket of 2 fruit'
        """
        if not isinstance(cls, type):
            message = f"{cls!r} is no class: write @digest.register(MyType)."
            raise TypeError(message)

        def decorate(function: F) -> F:
            _own[id(cls)] = (cls, function)
            return function

        return decorate

    def __repr__(self) -> str:
        return "digest"


digest = Digest()


def writer(*classes: type, structural: bool = False) -> Callable[[F], F]:
    """Return a decorator for a digest that comes with the package.

    Args:
        *classes: The classes it is for.
        structural: Whether it tells names and types only where the terms are private. Of a value
            with any other digest only the type is told then.
    """

    def decorate(function: F) -> F:
        for cls in classes:
            _writers[id(cls)] = (cls, function, structural)
        return function

    return decorate


def library_writer(*paths: str, structural: bool = True) -> Callable[[F], F]:
    """Return a decorator for a digest of classes of a package that may not be there.

    Args:
        *paths: Module and name of each class, such as `"pandas:DataFrame"`.
        structural: As for `writer`.
    """

    def decorate(function: F) -> F:
        for path in paths:
            module, _, name = path.partition(":")
            _awaited[module, name] = (function, structural)
            _packages.add(module.partition(".")[0])
        return function

    return decorate


def has_digests(package: str) -> bool:
    """Whether there are digests for a package that may not be there."""
    return package in _packages


def write(value: object, terms: Terms) -> str:
    """Return the digest of a value, which `Digest` masks and brings within its room."""
    cls = type(value)
    if terms.depth > _DEEPEST:
        return class_name(cls)
    if not terms.depth:
        _meet_libraries()
    for found, is_own, structural in _candidates(cls):
        if is_own and (terms.private or terms.hidden):
            continue
        if terms.private and not structural:
            break
        try:
            return _own_text(value, found, terms) if is_own else found(value, terms)
        # An object may answer as it likes; what stops a cell or the host goes on.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            if is_own:
                return f"{class_name(cls)}, whose digest raised {class_name(type(error))}"
    return class_name(cls)


def has_own_digest(value: object) -> bool:
    """Whether there is a digest of a user's own for the class of a value."""
    return any(is_own for _, is_own, _ in _candidates(type(value)))


def digested_by_fields(cls: type) -> bool:
    """Whether the digest of a class's values tells the fields that they hold, as for any object."""
    _meet_libraries()
    for found, _, _ in _candidates(cls):
        return found is _writers[id(object)][1]
    return False


def _own_text(value: object, function: Callable[[Any], str], terms: Terms) -> str:
    text = function(value)
    if isinstance(text, str):
        plain = str.__str__(text)
        return plain.partition("\n")[0] if terms.depth else plain
    name = class_name(type(value))
    return f"{name}, whose digest is no text but {class_name(type(text))}"


def _candidates(cls: type) -> Iterator[tuple[Callable[..., str], bool, bool]]:
    """Yield the digests for a class, nearest first, whether it is own and whether structural."""
    for base in bases_of(cls):
        if (own := _own.get(id(base))) is not None:
            yield own[1], True, False
        if callable(method := class_dict(base).get(_METHOD)):
            yield method, True, False
        if (ours := _writers.get(id(base))) is not None:
            yield ours[1], False, ours[2]


def _meet_libraries() -> None:
    """Register the digests of packages that have been imported since."""
    for (module, name), (function, structural) in list(_awaited.items()):
        loaded = sys.modules.get(module)
        if loaded is None:
            continue
        # Not `getattr`, upon which some packages import what they are made of.
        cls = vars(loaded).get(name)
        if isinstance(cls, type):
            _writers.setdefault(id(cls), (cls, function, structural))
            _awaited.pop((module, name), None)  # another thread may be here, too
