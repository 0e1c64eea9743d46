"""What the model reads about injected functions and types: short Python stubs."""

import dataclasses
import enum
import inspect
import textwrap
import typing
from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from typing import Any

from cave_agent.runtime.annotations import format_hint
from cave_agent.runtime.documentation import INDENT, Documentation, Facts, commented
from cave_agent.runtime.entries import Detail, Entry
from cave_agent.runtime.nested import classes_under
from cave_agent.runtime.resources import (
    Function,
    Type,
    default_text,
    parameter_names,
    signature_of,
    without_secrets,
)
from cave_agent.runtime.rich import one_line


def function_entries(
    functions: Iterable[Function], known: Iterable[type] = (), facts: Facts | None = None
) -> Iterator[Entry]:
    """Yield each function, then the classes that they return, with their fields.

    The fields of classes that are nested in these are told, too.

    Args:
        functions: The functions.
        known: Classes that are described elsewhere.
        facts: What is said of parameters already.
    """
    returned: dict[type, None] = {}
    for function in functions:
        yield Entry(
            "functions", function.name, cache(partial(function_stub, function, facts=facts))
        )
        returned.update(dict.fromkeys(classes_under(function.annotations().get("return"))))
    described = set(known)
    for cls in returned:
        if cls not in described and fields_stub(cls):
            yield Entry("types", cls.__name__, cache(partial(fields_stub, cls)))


def type_entries(
    types: Iterable[Type],
    known: Collection[type] = (),
    facts: Facts | None = None,
    shown: Collection[type] = (),
) -> Iterator[Entry]:
    """Yield each type.

    Args:
        types: The types.
        known: Classes that are described with their members; what others have from these is left
            out.
        facts: What is said of parameters already.
        shown: Classes of which there are objects whose fields are told: neither fields nor how to
            make one is told again.
    """
    for declared in types:
        text = cache(partial(type_stub, declared, known=known, facts=facts, shown=shown))
        yield Entry("types", declared.name, text)


def describe_fields(classes: Iterable[type]) -> str:
    """Return a stub for each class that has declared fields: those alone."""
    return "\n".join(filter(None, map(fields_stub, classes)))


def function_stub(
    function: Function, detail: Detail = Detail.BRIEF, facts: Facts | None = None
) -> str:
    """Return a function's signature and what it is for."""
    keyword = "async def" if function.is_async else "def"
    if detail is Detail.SHORT:
        return f"{keyword} {function.name}({', '.join(parameter_names(function.func))})"
    head = f"{keyword} {function.name}{function.signature}"
    returned = function.annotations().get("return") if detail is Detail.BRIEF else None
    told = Documentation(
        detail,
        function.doc,
        function.description,
        signature=head,
        tells_result=not any(map(fields_stub, classes_under(returned))),
        facts=facts,
    )
    return commented(head, told.comment())


def type_stub(
    declared: Type,
    detail: Detail = Detail.BRIEF,
    known: Collection[type] = (),
    facts: Facts | None = None,
    shown: Collection[type] = (),
) -> str:
    """Return a class with its fields and methods, and what it is for."""
    cls = declared.value
    try:
        doc = _own_doc(cls) if declared.include_doc or detail is Detail.FULL else None
        told = Documentation(detail, doc, declared.description, signature=declared.name)
        if not declared.include_schema and detail is not Detail.FULL:
            return commented(f"class {declared.name}", told.comment())
        fields = list(_fields(cls, told, known))
        members = list(methods(cls, detail, known, facts))
        if Detail.FULL < detail < Detail.SHORT and any(cls is each for each in shown):
            fields = [(name, text) for name, text in fields if " # " in text]
            members = [(name, text) for name, text in members if name != "__init__"]
        members = [*fields, *members]
        return _class(_class_head(cls, declared.name), told, members, detail)
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        told = Documentation(detail, None, declared.description)
        return commented(f"class {declared.name}", told.comment())


def fields_stub(cls: type, detail: Detail = Detail.BRIEF) -> str:
    """Return the declared fields of a class, an empty text where it has none."""
    try:
        fields = list(_fields(cls, Documentation(detail, _own_doc(cls), signature=cls.__name__)))
        head = _class_head(cls, cls.__name__)
        return _class(head, Documentation(detail, None), fields, detail) if fields else ""
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        return ""


def _class(head: str, told: Documentation, members: list[tuple[str, str]], detail: Detail) -> str:
    if detail is Detail.SHORT:
        return commented(head, ", ".join(name for name, _ in members))
    first = commented(head, told.comment(), ":" if members else "")
    return "\n".join([first, *(textwrap.indent(text, INDENT) for _, text in members)])


def _class_head(cls: type, name: str) -> str:
    bases = [base.__name__ for base in cls.__bases__ if base is not object]
    if typing.is_typeddict(cls):
        bases = ["TypedDict"]
    return f"class {name}({', '.join(bases)})" if bases else f"class {name}"


def methods(
    cls: type,
    detail: Detail = Detail.BRIEF,
    known: Collection[type] = (),
    facts: Facts | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield name and stub of each public method and property.

    Args:
        cls: The class.
        detail: How much is told of each.
        known: Base classes whose methods are left out.
        facts: What is said of parameters already.
    """
    for name, member in inspect.getmembers_static(cls):
        if _is_told_elsewhere(cls, name, known):
            continue
        if name == "__init__" and dataclasses.is_dataclass(cls):
            continue
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        doc: str | None
        if isinstance(member, property):
            line = f"{name}: {format_hint(_property_hint(member))}"
            doc = inspect.getdoc(member) or "property"
        else:
            plain: Any = getattr(member, "__func__", member)
            if not inspect.isfunction(plain):
                continue
            line = _method_line(name, plain, member)
            if line == "def __init__()":
                continue
            # Without one of its own, Python would give an `__init__` that of `object`.
            doc = inspect.getdoc(plain) if name != "__init__" else plain.__doc__
        told = Documentation(detail, doc, signature=line, facts=facts)
        yield name, commented(line, told.comment())


def _method_line(name: str, function: Any, member: object) -> str:
    """Return a method as it is called: without `self`."""
    keyword = "async def" if inspect.iscoroutinefunction(function) else "def"
    decorator = ""
    if isinstance(member, staticmethod | classmethod):
        decorator = f"@{type(member).__name__} "
    signature = signature_of(function, is_bound=not isinstance(member, staticmethod))
    if name == "__init__":
        signature = signature.removesuffix(" -> None")
    return f"{decorator}{keyword} {name}{signature}"


def _fields(
    cls: type, told: Documentation, known: Collection[type] = ()
) -> Iterator[tuple[str, str]]:
    """Yield name and line of each declared field or member of an enum."""
    for name, text, note in _declared(cls):
        owner = _owner(cls, name)
        if owner is cls or owner not in known:
            comment = " ".join(told.of(name, note).split())
            yield name, commented(without_secrets(f"{name}{text}"), comment)


def _declared(cls: type) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each field, what stands behind it in source code, and what it is for."""
    pydantic_fields = getattr(cls, "model_fields", None)
    if issubclass(cls, enum.Enum):
        for member in cls:
            yield member.name, f" = {one_line(member.value)}", ""
    elif dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            made = field.default_factory is not dataclasses.MISSING
            default = _default(field.default, made, dataclasses.MISSING)
            yield field.name, f": {format_hint(field.type)}{default}", ""
    elif isinstance(pydantic_fields, dict):
        for name, info in pydantic_fields.items():
            made = info.default_factory is not None
            default = _default(... if info.is_required() else info.default, made, ...)
            yield name, f": {format_hint(info.annotation)}{default}", info.description or ""
    elif typing.is_typeddict(cls) or issubclass(cls, tuple) or _has_own_annotations(cls):
        for name, hint in inspect.get_annotations(cls).items():
            if not name.startswith("_") or typing.is_typeddict(cls):
                yield name, f": {format_hint(hint)}", ""


def _default(value: object, is_made: bool, missing: object) -> str:  # noqa: FBT001
    if is_made:
        return " = ..."
    return "" if value is missing else f" = {default_text(value)}"


def _has_own_annotations(cls: type) -> bool:
    return cls.__module__ != "builtins" and bool(inspect.get_annotations(cls))


def _own_doc(cls: type) -> str | None:
    doc = cls.__dict__.get("__doc__")
    # A dataclass without a docstring is given its signature as one, an enum a general text.
    is_generated = dataclasses.is_dataclass(cls) and str(doc).partition("(")[0] == cls.__name__
    return inspect.getdoc(cls) if doc and not is_generated and doc != enum.Enum.__doc__ else None


def _is_told_elsewhere(cls: type, name: str, known: Collection[type]) -> bool:
    """Whether a method comes from a class that is told itself, or from a library's base class."""
    owner = _owner(cls, name)
    if owner is None:
        return True
    library = owner.__module__.partition(".")[0]
    is_inherited = owner is not cls and owner in known
    return is_inherited or library in ("builtins", "enum", "pydantic", "typing")


def _owner(cls: type, name: str) -> type | None:
    """Return the class that gives a member to a class."""
    for base in cls.__mro__:
        if name in vars(base) or name in inspect.get_annotations(base):
            return base
    return None


def _property_hint(member: property) -> Any:
    return getattr(member.fget, "__annotations__", {}).get("return", Any)
