"""What a host gives to a runtime: variables, functions and types."""

import functools
import inspect
import keyword
import re
import typing
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from cave_agent.runtime.annotations import format_hint
from cave_agent.runtime.rich import one_line

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check_name(name: str) -> str:
    """Return the name if Python code can use it as a variable.

    Args:
        name: The name to inject something under.

    Raises:
        ValueError: It is no identifier, is a keyword, is reserved, or is another name to Python.
    """
    if not isinstance(name, str) or not name.isidentifier():
        message = f"{name!r} is no valid variable name: use letters, digits and underscores."
        raise ValueError(message)
    if (normal := unicodedata.normalize("NFKC", name)) != name:
        message = f"{name!r} is read by Python as {normal!r}: use that name."
        raise ValueError(message)
    if keyword.iskeyword(name):
        message = f"{name!r} is a keyword of Python: choose another name, such as {name + '_'!r}."
        raise ValueError(message)
    if name.startswith("__") and name.endswith("__"):
        message = f"{name!r} is reserved by Python: choose a name without the double underscores."
        raise ValueError(message)
    return name


def held_by(value: object) -> Iterator[tuple[Any, Any]]:
    """Yield index or key, and object, of what a plain list, tuple or dictionary holds."""
    cls = type(value)
    if cls is list or cls is tuple:  # by identity: a metaclass may define `__eq__`
        yield from enumerate(cast("Iterable[Any]", value))
    elif cls is dict:
        yield from cast("dict[Any, Any]", value).items()


class Variable:
    """A variable for the model to work on.

    Args:
        name: Its name in the runtime.
        value: Any object. The model works on this very object.
        description: What it is for, in a few words; the model reads it.
        private: `True` where the model is to know names and types only, or the names of columns,
            keys and fields that this holds for. It is no wall: cells work on the whole value, and
            what they print of it is masked as far as `docs/digests.md` says.

    Raises:
        ValueError: The name is no identifier or is a keyword.
        TypeError: `private` is neither a bool nor a collection of names.

    Example:
        >>> Variable("tasks", [], "The user's tasks")
        Variable('tasks', list)
    """

    def __init__(
        self,
        name: str,
        value: Any = None,
        description: str | None = None,
        *,
        private: bool | Iterable[str] = False,
    ) -> None:
        self.name = check_name(name)
        self.value = value
        self.description = description
        self.private = _private(private)

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, {type(self.value).__name__})"


class Function:
    """A function, or anything else that can be called, for the model to call.

    Args:
        func: The callable: function, bound method, partial, class instance with `__call__`,
            builtin, lambda or async function.
        description: What it does; without it the docstring is shown.
        include_doc: Whether the model reads the docstring, too.
        name: Its name in the runtime; by default its own (`__name__`), and for an object
            without one the name of its class in snake case.

    Raises:
        ValueError: It cannot be called, or its name is no identifier (a lambda needs `name=`).

    Example:
        >>> Function(lambda x: 2 * x, "Doubles a number", name="double").signature
        '(x)'
    """

    def __init__(
        self,
        func: Callable[..., Any],
        description: str | None = None,
        include_doc: bool = True,  # noqa: FBT001, FBT002 - positional in the public contract
        *,
        name: str | None = None,
    ) -> None:
        if not callable(func):
            message = f"{func!r} cannot be called: use Variable(name, value) for values."
            raise ValueError(message)  # noqa: TRY004 - the public contract
        self.func = func
        self.name = _function_name(func) if name is None else check_name(name)
        self.description = description
        self.include_doc = include_doc

    @property
    def doc(self) -> str | None:
        """The docstring, unless it is left out or is only that of the object's class."""
        func = _unwrapped(self.func)
        if not self.include_doc:
            return None
        if _own_name(func) is not None:
            return inspect.getdoc(func)
        return inspect.getdoc(type(func).__call__) or inspect.getdoc(type(func))

    @property
    def signature(self) -> str:
        """Parameters and return type as in source code; `(...)` where Python cannot tell."""
        return signature_of(self.func)

    @property
    def is_async(self) -> bool:
        """Whether a call must be awaited."""
        func = _unwrapped(self.func)
        try:
            is_one = inspect.iscoroutinefunction(func)
        except Exception:  # noqa: BLE001 - an object that stands for another one may raise anything
            is_one = False
        return is_one or inspect.iscoroutinefunction(type(func).__call__)

    def annotations(self) -> dict[str, Any]:
        """Return its type hints, those that can be resolved; `return` is that of the result."""
        func = _unwrapped(self.func)
        if _own_name(func) is None:
            func = type(func).__call__
        try:
            return typing.get_type_hints(func)
        except Exception:  # noqa: BLE001 - a hint may be any expression
            hints = getattr(func, "__annotations__", None) or {}
            return {name: hint for name, hint in hints.items() if not isinstance(hint, str)}

    def __repr__(self) -> str:
        return f"Function({self.name}{self.signature})"


class Type:
    """A class for the model to use, with a description of its fields and methods.

    Args:
        value: The class: plain, dataclass, enum or pydantic model.
        description: What it is for; without it the docstring is shown.
        include_schema: Whether the model reads its fields and methods.
        include_doc: Whether the model reads its docstring.

    Raises:
        ValueError: `value` is no class.

    Example:
        >>> Type(dict, include_schema=False).name
        'dict'
    """

    def __init__(
        self,
        value: type,
        description: str | None = None,
        include_schema: bool = True,  # noqa: FBT001, FBT002 - positional in the public contract
        include_doc: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        if not isinstance(value, type):
            message = f"{value!r} is no class: Type takes classes, Variable takes values."
            raise ValueError(message)  # noqa: TRY004 - the public contract
        self.value = value
        self.name = check_name(value.__name__)
        self.description = description
        self.include_schema = include_schema
        self.include_doc = include_doc

    def __repr__(self) -> str:
        return f"Type({self.name})"


def _private(private: bool | Iterable[str]) -> bool | tuple[str, ...]:  # noqa: FBT001
    """Return what is private as `True`, `False`, or the names; no names are `False`."""
    if isinstance(private, bool):
        return private
    names = () if isinstance(private, str) else tuple(private)
    if not all(isinstance(name, str) for name in names) or isinstance(private, str):
        message = f"private={private!r} are no names: use True, or a list such as ['email']."
        raise TypeError(message)
    return names or False


def classes_in(hint: Any) -> Iterator[type]:
    """Yield the classes that a type hint names, except builtins and typing's own.

    A generic model of pydantic with arguments is a class, too, but not by a name that can be
    written: it is named by the generic one and by its arguments.

    Example:
        >>> from decimal import Decimal
        >>> list(classes_in(dict[str, Decimal | None]))
        [<class 'decimal.Decimal'>]
    """
    origin = typing.get_origin(hint)
    if origin is not None or typing.get_args(hint):
        for part in (origin, *typing.get_args(hint)):
            yield from classes_in(part)
    elif isinstance(hint, type) and hint.__module__ not in ("builtins", "typing", "types"):
        made_from = vars(hint).get("__pydantic_generic_metadata__") or {}
        if generic := made_from.get("origin"):
            for part in (generic, *made_from["args"]):
                yield from classes_in(part)
        else:
            yield hint


def signature_of(func: Callable[..., Any], *, is_bound: bool = False) -> str:
    """Return parameters and return type as in source code; `(...)` where Python cannot tell.

    Args:
        func: The function.
        is_bound: Leave out the first parameter, which a method is not called with.
    """
    try:
        try:
            signature = inspect.signature(func, eval_str=True)
        except NameError:  # a hint that cannot be resolved
            signature = inspect.signature(func)
        parameters = [
            parameter.replace(
                annotation=_shown(parameter.annotation, format_hint),
                default=_shown(parameter.default, default_text),
            )
            for parameter in signature.parameters.values()
        ]
        if is_bound and parameters and parameters[0].kind in _POSITIONAL:
            del parameters[0]
        returned = _shown(signature.return_annotation, format_hint)
        return without_secrets(
            str(signature.replace(parameters=parameters, return_annotation=returned))
        )
    except Exception:  # noqa: BLE001 - an object may define its signature as it likes
        return "(...)"


def default_text(value: object) -> str:
    """Return a default value as source code; `...` where its text tells where it lies in memory."""
    text = one_line(value)
    return "..." if " at 0x" in text else text


def without_secrets(line: str) -> str:
    """Return a line of source in which keys and passwords that are default values are masked."""
    if " = '" not in line and ' = "' not in line and "='" not in line:
        return line
    from cave_agent.runtime.digests.masking import mask_secrets  # noqa: PLC0415 - digests are many

    return mask_secrets(line)


def parameter_names(func: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters; `...` where Python cannot tell."""
    try:
        return list(inspect.signature(func).parameters)
    except Exception:  # noqa: BLE001 - as above
        return ["..."]


def _shown(value: Any, to_text: Callable[[Any], str]) -> Any:
    """Return what a signature shows as that text, in place of a hint or a default value."""
    return value if value is inspect.Signature.empty else _Text(to_text(value))


class _Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _unwrapped(func: Callable[..., Any]) -> Callable[..., Any]:
    # Not `isinstance`, for which an object that stands for another one may have to look that up.
    while issubclass(type(func), functools.partial):
        func = typing.cast("functools.partial[Any]", func).func
    return func


def _function_name(func: Callable[..., Any]) -> str:
    plain = _unwrapped(func)
    name = _own_name(plain)
    if name == "<lambda>":
        message = "A lambda has no name of its own: give it one with Function(…, name='…')."
        raise ValueError(message)
    if name is None:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(plain).__name__).lower()
    return check_name(name)


def _own_name(func: Callable[..., Any]) -> str | None:
    try:
        return getattr(func, "__name__", None)
    except Exception:  # noqa: BLE001 - an object that stands for another one may raise anything
        return None
