"""The skills of a runtime: what there is, where it came from, what is active."""

import logging
import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from cave_agent.errors import SkillError
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.resources import Function
from cave_agent.skills.activation import Instructions, skill_content
from cave_agent.skills.catalog import describe_skills, is_cut
from cave_agent.skills.diagnostics import Diagnostic, Severity
from cave_agent.skills.discovery import SkillList, require_directory, shadowed
from cave_agent.skills.files import Stamp, stamp_of
from cave_agent.skills.finding import find_skills
from cave_agent.skills.injection import inject, load_exports, require_free
from cave_agent.skills.reading import read_skill
from cave_agent.skills.resources import read_resource
from cave_agent.skills.scripts import TIMEOUT, ScriptResult, run_script
from cave_agent.skills.skill import Skill
from cave_agent.skills.walking import Walk

_log = logging.getLogger("cave_agent.skills")
_registries: "weakref.WeakKeyDictionary[Runtime, SkillRegistry]" = weakref.WeakKeyDictionary()
_registries_lock = threading.Lock()
_MOST_NAMES_LISTED = 50


class _Active(NamedTuple):
    """What was told of a skill when it was activated: the whole text, and what it came from."""

    location: Path | None
    body: str
    text: str

    def is_of(self, skill: Skill) -> bool:
        """Return whether activating the skill would tell the same."""
        return (self.location, self.body) == (skill.location, skill.body_content)


class SkillRegistry(Mapping[str, Skill]):
    r"""The skills of a runtime by name; agents that share the runtime share them.

    The first skill of a name stays; a later one is shadowed, which is told. Once there is a skill,
    cells have the functions `activate_skill`, `read_skill_resource` and `run_skill_script`, and
    `find_skills` once there are more than the model can be told of.

    Args:
        runtime: Where they are activated. Use `SkillRegistry.of` where it may have a registry.

    Attributes:
        active: Names of the skills that were activated, in order.

    Example:
        >>> from cave_agent.runtime import PythonRuntime, Variable
        >>> runtime = PythonRuntime()
        >>> skills = SkillRegistry.of(runtime)
        >>> skills.add([Skill("greeter", "Greets.", "Use `word`.", variables=[Variable("word")])])
        >>> skills.activate("greeter")
        The skill 'greeter' is active. Its instructions follow.
        >>> "word" in runtime.names()
        True
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = weakref.ref(runtime)  # which holds us by the functions that cells have
        self._skills: dict[str, Skill] = {}
        self._added: list[str] = []
        self._directories: list[Path] = []
        self._stamps: dict[Path, Stamp | None] = {}
        self._names: dict[Path, str] = {}
        self._diagnostics: dict[Diagnostic, None] = {}
        self._active: dict[str, _Active] = {}
        self._can_find = False
        self._modules: list[ModuleType] = []
        self._lock = threading.RLock()

    @classmethod
    def of(cls, runtime: Runtime) -> "SkillRegistry":
        """Return the registry of a runtime; it is made where there is none.

        Raises:
            TypeError: It is no runtime.
        """
        if not isinstance(runtime, Runtime):
            message = f"{runtime!r} is no runtime: use a PythonRuntime."
            raise TypeError(message)
        with _registries_lock:
            registry = _registries.get(runtime)
            if registry is None:
                registry = _registries[runtime] = cls(runtime)
            return registry

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __getitem__(self, name: str) -> Skill:
        return self._skills[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._skills))

    def __len__(self) -> int:
        return len(self._skills)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What is wrong with the skills; the logger `cave_agent.skills` has told it, too."""
        return list(self._diagnostics)

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the skills that were activated, in order."""
        return tuple(self._active)

    def add(self, skills: Iterable[Skill]) -> None:
        """Add skills; what discovery found wrong with them is told.

        Raises:
            TypeError: One is no `Skill`, or they are no list.
        """
        if not isinstance(skills, Iterable):
            message = f"{skills!r} is no list of skills: put what it holds into one."
            raise TypeError(message)
        with self._lock:
            if isinstance(skills, SkillList):
                self._report(skills.diagnostics)
            for skill in skills:
                if not isinstance(skill, Skill):
                    message = f"{skill!r} is no skill: use Skill(…) or SkillDiscovery."
                    raise TypeError(message)
                if skill.location is not None:
                    self._stamps.setdefault(skill.location, stamp_of(skill.location))
                self._report([*skill.diagnostics, *self._put(skill)])
            self._let_find()

    def add_directory(self, path: str | Path) -> None:
        """Add all skills below a directory, and from now on those that are put there later.

        Raises:
            SkillError: There is no such directory.
        """
        with self._lock:
            self._directories.append(require_directory(path))
            self.refresh()

    def refresh(self) -> None:
        """Take in files that are new or have changed; agents do so at the start of each turn.

        A skill whose file cannot be read any more stays as it was last.
        """
        with self._lock:
            files = dict.fromkeys(self._stamps)
            for directory in self._directories:
                walk = Walk(directory)
                files.update(dict.fromkeys(walk))
                self._report_anew(directory, walk.diagnostics)
            changed = False
            for file in files:
                stamp = stamp_of(file)
                if file not in self._stamps or stamp != self._stamps[file]:
                    self._stamps[file] = stamp
                    self._read(file)
                    changed = True
            if changed:
                self._read_untaken()
                self._let_find()

    def describe(self, since: int = 0, told: str = "") -> str:
        """Return what the model reads about the skills there are; see `changes`.

        Args:
            since: Leave out what was there after this many changes.
            told: A text that the model has; what stands in it is left out.
        """
        names = dict.fromkeys(self._added[since:])
        skills = [self._skills[name] for name in names if name in self._skills]
        return describe_skills(skills, told)

    @property
    def changes(self) -> int:
        """How many skills were added or have changed so far."""
        return len(self._added)

    def activate(self, skill_name: str) -> str:
        """Activate a skill: its instructions are told to the model, what it brings is injected.

        Doing so again changes nothing and tells nothing twice, unless its file has changed: then
        the instructions are told anew, and what it brought stays.

        Returns:
            The instructions. Printed, it is one line: the runtime tells them.

        Raises:
            SkillError: There is no such skill, or it cannot be activated; then nothing changed.
        """
        with self._lock:
            skill = self._find(skill_name)
            active = self._active.get(skill_name)
            if active is not None and active.is_of(skill):
                line = f"The skill {skill_name!r} is active already. Its instructions were told."
                return Instructions(active.text, line)
            text = skill_content(skill)
            if active is None:
                self._bring(skill, text)
            else:
                self._require_runtime().tell(text)
            self._active[skill_name] = _Active(skill.location, skill.body_content, text)
            line = f"The skill {skill_name!r} is active. Its instructions follow."
            return Instructions(text, line)

    def find(self, words: str) -> dict[str, str]:
        """Find skills by words in their names and descriptions.

        Args:
            words: A few words, in any order.

        Returns:
            Name to description, the best first, 20 at most; those that hold all words, or else
            those that hold some.

        Raises:
            TypeError: `words` is no text.
        """
        return find_skills(tuple(self._skills.values()), words)

    def read_resource(self, skill: str, path: str) -> str | bytes:
        """Read a file of a skill.

        Args:
            skill: The skill's name.
            path: The file's path relative to the skill's directory; a `Path` will do.

        Returns:
            Its text, with a note where it is cut; bytes where it is no UTF-8 text.

        Raises:
            SkillError: The path leads out of the directory, there is no such file, or it is over
                the limit of size and no text.
        """
        return read_resource(self._directory_of(skill), path)

    def run_script(
        self, skill: str, path: str, *args: object, timeout: float = TIMEOUT
    ) -> ScriptResult:
        """Run a script of a skill as a process of its own.

        Args:
            skill: The skill's name.
            path: The script's path relative to the skill's directory, where it runs.
            *args: Its arguments: texts, numbers, paths.
            timeout: Seconds after which it is stopped.

        Raises:
            SkillError: The path leads out of the directory, or nothing is known to run it with, or
                `timeout` is no time.
        """
        return run_script(self._directory_of(skill), path, args, timeout)

    def _bring(self, skill: Skill, text: str) -> None:
        """Tell the instructions and inject what belongs to them, all or nothing."""
        runtime = self._require_runtime()
        exports = load_exports(skill)
        require_free(runtime, exports, skill.name)
        runtime.tell(text)
        inject(runtime, exports.things)
        if exports.module is not None:
            self._modules.append(exports.module)

    def _put(self, skill: Skill) -> list[Diagnostic]:
        """Take a skill in, unless another one has its name, which is what is returned then."""
        there = self._skills.get(skill.name)
        if there is skill:
            return []
        if there is not None and (there.location is None or there.location != skill.location):
            if there.location is None or self._stamps[there.location] is not None:
                return [shadowed(skill, there)]
            del self._names[there.location]  # its file is gone
        if not self._added:
            self._give_functions()
        self._skills[skill.name] = skill
        if skill.location is not None:
            self._names[skill.location] = skill.name
        if there is None or describe_skills([there]) != describe_skills([skill]):
            self._added.append(skill.name)
        return []

    def _read(self, file: Path) -> None:
        """Read a file that is new or has changed."""
        was = self._names.get(file)
        skill, diagnostics = read_skill(file)
        if skill is None and was is not None:
            message = f"The skill {was!r} stays as it was before this file changed."
            diagnostics.append(
                Diagnostic(Severity.WARNING, "kept", message, "Mend the file.", file)
            )
        if skill is not None:
            if was is not None and was != skill.name:
                del self._skills[was], self._names[file]
            diagnostics += self._put(skill)
        self._report_anew(file, diagnostics)

    def _read_untaken(self) -> None:
        """Read the files again whose skills were not taken: a name may be free. Forget the gone."""
        for file in self._untaken():
            if os.path.lexists(file):
                self._read(file)
        for file in self._untaken():
            if not os.path.lexists(file):
                del self._stamps[file]
                self._report_anew(file, [])

    def _untaken(self) -> list[Path]:
        return [file for file in self._stamps if file not in self._names]

    def _report_anew(self, path: Path, diagnostics: Sequence[Diagnostic]) -> None:
        """Replace what was said about a file or directory."""
        for old in [finding for finding in self._diagnostics if finding.path == path]:
            if old not in diagnostics:
                del self._diagnostics[old]
        self._report(diagnostics)

    def _report(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            if diagnostic not in self._diagnostics:
                self._diagnostics[diagnostic] = None
                _log.warning("%s", diagnostic)

    def _give_functions(self) -> None:
        runtime = self._require_runtime()
        for func, name, description in (
            (self.activate, "activate_skill", "Activates a skill: see the available skills."),
            (
                self.read_resource,
                "read_skill_resource",
                "Returns a file of a skill, by its path in the skill's directory.",
            ),
            (
                self.run_script,
                "run_skill_script",
                "Runs a script of a skill in a process of its own, by its path there.",
            ),
        ):
            function = Function(func, description, include_doc=False, name=name)
            runtime.inject_function(function)

    def _let_find(self) -> None:
        """Let cells find skills, once there are more than the catalog has room for."""
        if not self._can_find and is_cut(self._skills.values()):
            description = "Finds skills: returns name to description, the best first, 20 at most."
            function = Function(self.find, description, include_doc=False, name="find_skills")
            self._require_runtime().inject_function(function)
            self._can_find = True

    def _find(self, name: str) -> Skill:
        if isinstance(name, str) and name in self._skills:
            return self._skills[name]
        names = [name for name, skill in self._skills.items() if not skill.hidden]
        listed = ", ".join(names[:_MOST_NAMES_LISTED]) or "none"
        if (more := len(names) - _MOST_NAMES_LISTED) > 0:
            listed += f" and {more:,} more"
            listed += ", which find_skills(words) finds" if self._can_find else ""
        import difflib  # noqa: PLC0415 - few need it

        near = difflib.get_close_matches(str(name).lower(), names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"There is no skill {name!r}.{hint} There are: {listed}."
        raise SkillError(message)

    def _directory_of(self, name: str) -> Path:
        skill = self._find(name)
        if skill.directory is None:
            message = f"The skill {name!r} was made in code and has no files."
            raise SkillError(message)
        return skill.directory

    def _require_runtime(self) -> Runtime:
        runtime = self._runtime()
        if runtime is None:
            message = "The runtime of these skills is gone: keep the agent or its runtime."
            raise SkillError(message)
        return runtime
