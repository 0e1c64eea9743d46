"""Looking at objects without running any code of theirs.

`getattr`, `isinstance`, `len` and `repr` may all run what a class or its metaclass defines, which
may raise, wait, or load from a database. What is here reads the structures of the interpreter.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

_MOST_FIELDS = 50
_LONGEST_NAME = 80

# The attributes of `type` itself, past whatever a metaclass puts before them.
_MRO = type.__dict__["__mro__"]
_DICT = type.__dict__["__dict__"]
_NAME = type.__dict__["__name__"]
_MODULE = type.__dict__["__module__"]


def bases_of(cls: type) -> tuple[type, ...]:
    """Return a class and its bases, in the order in which attributes are looked up."""
    bases: tuple[type, ...] = _MRO.__get__(cls)
    return bases


def class_dict(cls: type) -> Mapping[str, Any]:
    """Return what a class defines itself."""
    members: Mapping[str, Any] = _DICT.__get__(cls)
    return members


def class_name(cls: type) -> str:
    """Return the name of a class."""
    return str.__getitem__(_NAME.__get__(cls), slice(0, _LONGEST_NAME))


def module_name(cls: type) -> str:
    """Return the name of the module that a class says it is from."""
    name = _MODULE.__get__(cls)
    return name if type(name) is str else ""


def is_kind(cls: type, base: type) -> bool:
    """Whether a class inherits from another one."""
    return any(each is base for each in bases_of(cls))


def is_one_of(cls: type, classes: frozenset[int]) -> bool:
    """Whether a class is one of those whose identities are given.

    `in` would ask the metaclass for `__hash__` and `__eq__`.
    """
    return id(cls) in classes


def identities(*classes: type) -> frozenset[int]:
    """Return the identities of classes, for `is_one_of`."""
    return frozenset(map(id, classes))


def class_attribute(cls: type, name: str) -> Any:
    """Return what a class or the first of its bases defines under a name, `None` if none does."""
    for base in bases_of(cls):
        members = class_dict(base)
        if name in members:
            return members[name]
    return None


def fields_of(value: object) -> dict[str, Any]:
    """Return the attributes that an object holds itself, the first of them if they are many.

    Nothing is computed or loaded: properties are not among them, nor what a class holds.
    """
    fields: dict[str, Any] = {}
    for name, member in _slots(type(value)):
        try:
            fields[name] = member.__get__(value)
        except AttributeError:  # a slot that was never set
            continue
    fields.update(islice(_named(_instance_dict(value)), _MOST_FIELDS))
    return fields


def _instance_dict(value: object) -> dict[str, Any]:
    for base in bases_of(type(value)):
        descriptor = class_dict(base).get("__dict__")
        if descriptor is None:
            continue
        # A class may define any other thing under that name.
        if type(descriptor) is GetSetDescriptorType or type(descriptor) is MemberDescriptorType:
            members = descriptor.__get__(value)
            return members if is_kind(type(members), dict) else {}
        return {}
    return {}


def _named(members: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return (item for item in dict.items(members) if type(item[0]) is str)


def _slots(cls: type) -> Iterator[tuple[str, MemberDescriptorType]]:
    for base in reversed(bases_of(cls)):
        for name, member in islice(class_dict(base).items(), 10 * _MOST_FIELDS):
            if type(member) is MemberDescriptorType and type(name) is str:
                yield name, member
