"""Running a skill's injection.py, which says what cells may use once the skill is active."""

import itertools
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from cave_agent.errors import SkillError
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.execution import CellStopped
from cave_agent.runtime.modules import register_module
from cave_agent.runtime.python import PythonRuntime
from cave_agent.runtime.resources import Function, Type, Variable
from cave_agent.skills.containment import read_inside
from cave_agent.skills.skill import Skill

INJECTION_FILE = "injection.py"

Export: TypeAlias = Function | Variable | Type

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Exports:
    """What a skill brings.

    Attributes:
        things: What is injected.
        module: Where injection.py ran. Its classes can be pickled for as long as it is kept.
    """

    things: tuple[Export, ...]
    module: ModuleType | None = None


def load_exports(skill: Skill) -> Exports:
    """Return what a skill brings; runs its injection.py if it has one.

    Raises:
        SkillError: injection.py failed, or does not say what it exports.
    """
    things: tuple[Export, ...] = (*skill.types, *skill.functions, *skill.variables)
    path = None if skill.directory is None else skill.directory / INJECTION_FILE
    if path is None or not os.path.lexists(path):  # a link that leads nowhere is told
        return Exports(things)
    module, exports = _run(skill.name, path)
    return Exports((*things, *_checked(exports, path, skill.name)), module)


def require_free(runtime: Runtime, exports: Exports, skill_name: str) -> None:
    """Check that all can be injected, so that none is where one cannot.

    Raises:
        SkillError: A name is taken, by something injected or by a variable of a cell.
    """
    names: set[str] = set()
    for thing in exports.things:
        if thing.name in names:
            raise _not_activated(skill_name, f"it exports {thing.name!r} twice: rename one")
        names.add(thing.name)
        try:
            runtime.require_free(thing.name)
        except ValueError as error:
            raise _not_activated(skill_name, f"it exports a taken name: {error}") from error
        if _is_taken_by_a_cell(runtime, thing):
            reason = (
                f"it exports {thing.name!r}, and there is a variable of that name. Assign it to "
                f"another name, `del {thing.name}`, and activate the skill again"
            )
            raise _not_activated(skill_name, reason)


def inject(runtime: Runtime, things: Iterable[object]) -> None:
    """Give what a skill exports to the cells of a runtime."""
    for thing in things:
        match thing:
            case Function():
                runtime.inject_function(thing)
            case Variable():
                runtime.inject_variable(thing)
            case Type():
                runtime.inject_type(thing)


def _is_taken_by_a_cell(runtime: Runtime, thing: Export) -> bool:
    try:
        value = runtime.retrieve(thing.name)
    except KeyError:
        return False
    # A class may be there already because something that was injected before mentions it.
    return not (isinstance(thing, Type) and value is thing.value)


def _run(skill_name: str, path: Path) -> tuple[ModuleType, object]:
    """Run injection.py as a module of its own, which no other activation shares.

    Returns:
        The module, and its `__exports__`: a tuple where that is a list or a tuple, as it should be.
    """
    source = _read(skill_name, path)
    slug = re.sub(r"\W", "_", skill_name)
    module = ModuleType(f"skill_{next(_numbers)}_{slug}")
    module.__file__ = str(path)
    register_module(module)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - what it is for
        exports = getattr(module, "__exports__", None)
        return module, _rehearsed(exports) if isinstance(exports, list | tuple) else exports
    except BaseException as error:
        if _came_from_outside(error, str(path)):
            raise
        line = _line_of(error, str(path))
        where = f"{path}, line {line}" if line else str(path)
        reason = f"{where} raised {type(error).__name__}: {_message_of(error)}"
        raise _not_activated(skill_name, reason) from error


def _rehearsed(exports: Iterable[object]) -> tuple[object, ...]:
    """Return exports; if one raises when it is injected, it does so here, and nothing is."""
    things = tuple(exports)
    for thing in things:
        inject(PythonRuntime(), [thing])
    return things


def _read(skill_name: str, path: Path) -> bytes:
    try:
        source, size = read_inside(path.parent, path.name)
    except SkillError as error:
        raise _not_activated(skill_name, str(error).removesuffix(".")) from error
    if size > len(source):
        reason = f"{path} has {size:,} bytes, which is too much: import what it needs"
        raise _not_activated(skill_name, reason)
    return source


def _checked(exports: object, path: Path, skill_name: str) -> tuple[Export, ...]:
    if type(exports) is not tuple:
        found = "there is none" if exports is None else f"it is {type(exports).__name__}"
        reason = f"{path} must define the list __exports__, and {found}"
        raise _not_activated(skill_name, reason)
    for number, export in enumerate(exports):
        if not isinstance(export, Function | Variable | Type):
            reason = (
                f"__exports__[{number}] in {path} is of type {type(export).__name__}: "
                "wrap it with Function(…), Variable(…) or Type(…)"
            )
            raise _not_activated(skill_name, reason)
    return exports


def _came_from_outside(error: BaseException, filename: str) -> bool:
    """Return whether an exception is no failure of the file, but is to end what runs it, too.

    That is what stops a cell, and the user's Ctrl-C: a `KeyboardInterrupt` that no `raise` in the
    file made, for it comes where the file does anything else.
    """
    if not isinstance(error, KeyboardInterrupt):
        return isinstance(error, CellStopped)
    origin = error.__traceback__
    while origin is not None and origin.tb_next is not None:
        origin = origin.tb_next
    if origin is None or origin.tb_frame.f_code.co_filename != filename:
        return True
    import opcode  # noqa: PLC0415 - few need it

    return origin.tb_frame.f_code.co_code[origin.tb_lasti] != opcode.opmap["RAISE_VARARGS"]


def _line_of(error: BaseException, filename: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - any exception class may be broken
        return f"<its message cannot be shown: str() raised {type(failure).__name__}>"


def _not_activated(skill_name: str, reason: str) -> SkillError:
    return SkillError(
        f"The skill {skill_name!r} was not activated, and nothing was injected: {reason}."
    )
