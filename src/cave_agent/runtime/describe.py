"""What the model reads about injected things: short descriptions in the form of Python stubs."""

import dataclasses
import enum
import inspect
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from cave_agent.runtime.annotations import format_hint
from cave_agent.runtime.nested import classes_under
from cave_agent.runtime.resources import Function, Type, signature_of
from cave_agent.runtime.rich import one_line

_INDENT = "    "


def describe_functions(functions: Iterable[Function], known: Iterable[type] = ()) -> str:
    """Return a stub for each function, and the fields of the classes that they return.

    The fields of classes that are nested in these are told, too.

    Args:
        functions: The functions.
        known: Classes that are described elsewhere.
    """
    stubs: list[str] = []
    returned: dict[type, None] = {}
    for function in functions:
        stubs.append(_function_stub(function))
        returned.update(dict.fromkeys(classes_under(function.annotations().get("return"))))
    if described := describe_fields(cls for cls in returned if cls not in set(known)):
        stubs.extend(["They return:", described])
    return "\n\n".join(stubs)


def describe_fields(classes: Iterable[type]) -> str:
    """Return a stub for each class that has declared fields: those alone."""
    stubs = (_class_stub(cls, cls.__name__) for cls in classes)
    return "\n\n".join(stub for stub in stubs if stub)


def describe_types(types: Iterable[Type]) -> str:
    """Return a stub for each class: its fields and methods, what it is for."""
    return "\n\n".join(_type_stub_or_name(declared) for declared in types)


def _type_stub_or_name(declared: Type) -> str:
    try:
        return _type_stub(declared)
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        return f"class {declared.name}" + _docstring(declared.description or "", ":")


def _function_stub(function: Function) -> str:
    keyword = "async def" if function.is_async else "def"
    head = f"{keyword} {function.name}{function.signature}"
    texts = [text for text in (function.description, function.doc) if text]
    if function.is_async:
        texts.append(f"Must be awaited: `await {function.name}(…)`.")
    return head + _docstring("\n".join(texts), ":")


def _type_stub(declared: Type) -> str:
    doc = inspect.getdoc(declared.value) if _has_own_doc(declared.value) else None
    texts = [declared.description, doc if declared.include_doc else None]
    text = "\n".join(part for part in texts if part)
    if not declared.include_schema:
        return f"class {declared.name}" + _docstring(text, ":")
    members = list(_members(declared.value))
    head = _class_head(declared.value, declared.name)
    return "\n".join([head + ":" + _docstring(text, ""), *(members or [_INDENT + "..."])])


def _class_stub(cls: type, name: str) -> str | None:
    """Return the fields of a class that has declared ones, `None` for any other."""
    try:
        fields = list(_fields(cls))
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        return None
    return "\n".join([f"{_class_head(cls, name)}:", *fields]) if fields else None


def _class_head(cls: type, name: str) -> str:
    bases = [base.__name__ for base in cls.__bases__ if base is not object]
    if typing.is_typeddict(cls):
        bases = ["TypedDict"]
    return f"class {name}({', '.join(bases)})" if bases else f"class {name}"


def _members(cls: type) -> Iterator[str]:
    yield from _fields(cls)
    for name, member in inspect.getmembers_static(cls):
        if _belongs_to_library(cls, name):
            continue
        if name == "__init__" and dataclasses.is_dataclass(cls):
            continue
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        if isinstance(member, property):
            yield f"{_INDENT}{name}: {format_hint(_property_hint(member))}  # property"
            continue
        plain = getattr(member, "__func__", member)
        if inspect.isfunction(plain):
            yield _INDENT + _method_line(name, plain, member)


def _method_line(name: str, function: Any, member: object) -> str:
    keyword = "async def" if inspect.iscoroutinefunction(function) else "def"
    decorator = ""
    if isinstance(member, staticmethod | classmethod):
        decorator = f"@{type(member).__name__} "
    line = f"{decorator}{keyword} {name}{signature_of(function)}"
    doc = inspect.getdoc(function) if name != "__init__" else None
    return f"{line}  # {doc.splitlines()[0]}" if doc else line


def _fields(cls: type) -> Iterator[str]:
    """Yield a line for each declared field or member of an enum."""
    if issubclass(cls, enum.Enum):
        for member in cls:
            yield f"{_INDENT}{member.name} = {one_line(member.value)}"
        return
    if dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            made = field.default_factory is not dataclasses.MISSING
            default = _default(field.default, made, dataclasses.MISSING)
            yield f"{_INDENT}{field.name}: {format_hint(field.type)}{default}"
        return
    pydantic_fields = getattr(cls, "model_fields", None)
    if isinstance(pydantic_fields, dict):
        for name, info in pydantic_fields.items():
            made = info.default_factory is not None
            default = _default(... if info.is_required() else info.default, made, ...)
            note = f"  # {info.description}" if info.description else ""
            yield f"{_INDENT}{name}: {format_hint(info.annotation)}{default}{note}"
        return
    if typing.is_typeddict(cls) or issubclass(cls, tuple) or _has_own_annotations(cls):
        for name, hint in inspect.get_annotations(cls).items():
            if not name.startswith("_") or typing.is_typeddict(cls):
                yield f"{_INDENT}{name}: {format_hint(hint)}"


def _default(value: object, is_made: bool, missing: object) -> str:  # noqa: FBT001
    if is_made:
        return " = ..."
    return "" if value is missing else f" = {one_line(value)}"


def _has_own_annotations(cls: type) -> bool:
    return cls.__module__ != "builtins" and bool(inspect.get_annotations(cls))


def _has_own_doc(cls: type) -> bool:
    doc = cls.__dict__.get("__doc__")
    # A dataclass without a docstring is given its signature as one, an enum a general text.
    is_generated = dataclasses.is_dataclass(cls) and str(doc).startswith(f"{cls.__name__}(")
    return bool(doc) and not is_generated and doc != enum.Enum.__doc__


def _belongs_to_library(cls: type, name: str) -> bool:
    """Whether a member comes from a base class that every pydantic model or enum has."""
    for base in cls.__mro__:
        if name in vars(base):
            return base.__module__.partition(".")[0] in ("builtins", "enum", "pydantic", "typing")
    return True


def _property_hint(member: property) -> Any:
    return getattr(member.fget, "__annotations__", {}).get("return", Any)


def _docstring(text: str, colon: str) -> str:
    if not text:
        return ""
    lines = text.strip().splitlines()
    if len(lines) == 1:
        return f'{colon}\n{_INDENT}"""{lines[0]}"""'
    body = "\n".join(f"{_INDENT}{line}".rstrip() for line in lines)
    return f'{colon}\n{_INDENT}"""{body.strip()}\n{_INDENT}"""'
