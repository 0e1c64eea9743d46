"""A skill: what the model reads of it at the start, and what activating it brings."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from cave_agent.runtime.resources import Function, Type, Variable
from cave_agent.skills.diagnostics import Diagnostic
from cave_agent.skills.files import as_path, read_body

_Kind = TypeVar("_Kind", Function, Variable, Type, str)
_Value = TypeVar("_Value")


class Skill:
    """Instructions for a kind of task, with the objects and files that belong to them.

    Skills that are directories come from `SkillDiscovery`; one may also be made in code.

    Args:
        name: What it is activated by, such as `"pdf-forms"`.
        description: What it does and when to use it; the model reads it at the start.
        body_content: The instructions, which the model reads when it activates the skill.
        functions: What cells may call once it is active.
        variables: What cells may work on once it is active.
        types: Classes that cells may use once it is active.
        license: Its licence, as its SKILL.md has it.
        compatibility: What it needs around it, in words.
        metadata: Further fields, text by text.
        allowed_tools: Tools that it asks to use without being asked back. Nothing is enforced.
        hidden: Whether the model is not told of it; it can be activated all the same.
        location: Its SKILL.md. The instructions are read from there when they are first used,
            unless `body_content` is given.

    Raises:
        ValueError: The name or the description is empty.
        TypeError: Something is of the wrong kind.

    Attributes:
        diagnostics: What discovery found wrong with it, and could put up with.

    Example:
        >>> Skill("greeter", "Greets people. Use for welcomes.", "Say hello in their language.")
        Skill('greeter')
    """

    def __init__(
        self,
        name: str,
        description: str,
        body_content: str = "",
        functions: Iterable[Function] | None = None,
        variables: Iterable[Variable] | None = None,
        types: Iterable[Type] | None = None,
        *,
        license: str | None = None,  # noqa: A002 - the standard's name
        compatibility: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        allowed_tools: Iterable[str] = (),
        hidden: bool = False,
        location: str | Path | None = None,
    ) -> None:
        self.name = _text("name", name).strip()
        self.description = _text("description", description).strip()
        self.functions = _all_of("functions", functions, Function)
        self.variables = _all_of("variables", variables, Variable)
        self.types = _all_of("types", types, Type)
        self.license = _checked("license", license, str, type(None))
        self.compatibility = _checked("compatibility", compatibility, str, type(None))
        self.metadata = dict(_checked("metadata", {} if metadata is None else metadata, Mapping))
        self.allowed_tools = _all_of("allowed_tools", allowed_tools, str)
        self.hidden = _checked("hidden", hidden, bool)
        self.location = None if location is None else as_path(location).absolute()
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self._body = _checked("body_content", body_content, str) or None

    @property
    def directory(self) -> Path | None:
        """Where its files are; `None` for one made in code."""
        return None if self.location is None else self.location.parent

    @property
    def body_content(self) -> str:
        """The instructions.

        Raises:
            SkillError: Its SKILL.md cannot be read any more.
        """
        if self._body is None:
            self._body = "" if self.location is None else read_body(self.location)
        return self._body

    def __repr__(self) -> str:
        return f"Skill({self.name!r})"


def _checked(field: str, value: _Value, *kinds: type) -> _Value:
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        message = f"{field}={value!r} is of the wrong type: use {wanted}."
        raise TypeError(message)
    return value


def _text(field: str, value: str) -> str:
    if not _checked(field, value, str).strip():
        message = f"{field}={value!r} is empty: the model chooses skills by name and description."
        raise ValueError(message)
    return value


def _all_of(field: str, values: Iterable[_Kind] | None, kind: type[_Kind]) -> tuple[_Kind, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable | None):
        message = f"{field}={values!r} is no list: put what it holds into one."
        raise TypeError(message)
    checked = tuple(values or ())
    for value in checked:
        if not isinstance(value, kind):
            message = f"{field} holds {value!r}: wrap it with {kind.__name__}(…)."
            raise TypeError(message)
    return checked
