"""From a SKILL.md to a skill: one parser, and a lenient and a strict policy."""

import os
import re
from pathlib import Path

from cave_agent.errors import SkillError
from cave_agent.skills.diagnostics import Diagnostic, Problem, Severity, Weight, judge
from cave_agent.skills.files import LONGEST_FILE, read_head
from cave_agent.skills.frontmatter import Frontmatter, Value, parse
from cave_agent.skills.skill import Skill
from cave_agent.skills.validation import LONGEST_NAME, check_fields, is_name, normalized, one_line

SKILL_FILE = "SKILL.md"

# Blanks within parentheses belong to the tool: `Bash(git add *), Read`.
_TOOL = re.compile(r"[^\s,(]+(?:\([^)]*\)?)?|\([^)]*\)?")
_NO_NAME = "unnamed"


def read_skill(path: Path, *, strict: bool = False) -> tuple[Skill | None, list[Diagnostic]]:
    """Read a skill's fields; its instructions are read when they are used.

    Args:
        path: Its SKILL.md.
        strict: Whether what the reference implementation refuses is an error.

    Returns:
        The skill, unless there are errors; and what is wrong.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `Path.absolute` keeps `..`
    directory = path.parent.name
    try:
        data, size = read_head(path)
        frontmatter = parse(data)
    except (OSError, ValueError, SkillError) as error:  # a path may be none, such as one with NUL
        size, frontmatter = 0, Frontmatter(problems=[_unreadable(error)])
    problems = list(frontmatter.problems)
    if path.name != SKILL_FILE:
        message = f"The file is called {path.name}, not {SKILL_FILE}"
        weight = Weight.RULE if path.name != "skill.md" else Weight.NOTE
        problems.append(Problem("file-name", message, "Rename it.", weight))
    fields = frontmatter.fields
    if not any(problem.weight is Weight.FATAL for problem in problems):
        problems += check_fields(fields, frontmatter.lines, directory)
    if size > LONGEST_FILE:
        message = f"{SKILL_FILE} has {size:,} bytes, over the limit of {LONGEST_FILE:,}"
        advice = "Move parts of it to files of their own."
        problems.append(Problem("too-large", message, advice, Weight.FATAL))
    diagnostics = judge(problems, path, strict=strict)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        return None, diagnostics
    return _skill(fields, path, diagnostics), diagnostics


def _skill(fields: dict[str, Value], path: Path, diagnostics: list[Diagnostic]) -> Skill:
    declared, name = fields.get("name"), _usable_name(fields.get("name"), path.parent.name)
    if name != declared and not (isinstance(declared, str) and normalized(declared) == name):
        message = f"The skill is called '{name}' here, since its own name cannot be used."
        advice = "Give it that name, or another one that follows the rules."
        diagnostics.append(Diagnostic(Severity.WARNING, "name-replaced", message, advice, path))
    metadata = fields.get("metadata")
    skill = Skill(
        name,
        str(fields["description"]),
        license=_text_or_none(fields.get("license")),
        compatibility=_text_or_none(fields.get("compatibility")),
        metadata=metadata if isinstance(metadata, dict) else None,
        allowed_tools=_tools(fields.get("allowed-tools")),
        hidden=str(fields.get("disable-model-invocation")).lower() in ("true", "yes", "on"),
        location=path,
    )
    skill.diagnostics = tuple(diagnostics)
    return skill


def _usable_name(declared: Value | None, directory: str) -> str:
    """Return the name if it follows the rules, else the directory's if that does.

    If neither does, it is at least one that the model can be told, and say.
    """
    name = normalized(declared) if isinstance(declared, str) else ""
    directory = normalized(directory)
    for candidate in (name, directory):
        if is_name(candidate):
            return candidate
    return one_line(name or directory)[:LONGEST_NAME].strip() or _NO_NAME


def _text_or_none(value: Value | None) -> str | None:
    return value if isinstance(value, str) and value else None


def _tools(value: Value | None) -> list[str]:
    """Return the tools that a skill asks for, however they are separated."""
    texts = value if isinstance(value, list) else [value]
    return [tool for text in texts if isinstance(text, str) for tool in _TOOL.findall(text)]


def _unreadable(error: Exception) -> Problem:
    if isinstance(error, SkillError):
        advice = "Put a line of three dashes behind the last field."
        return Problem("frontmatter-too-long", str(error), advice, Weight.FATAL, 1)
    if isinstance(error, FileNotFoundError):
        message = f"Missing required file: {SKILL_FILE}"
        return Problem("no-file", message, "Make it, or mend the path.", Weight.FATAL)
    reason = (isinstance(error, OSError) and error.strerror) or error
    message = f"{SKILL_FILE} cannot be read: {reason}"
    return Problem("unreadable", message, "Mind its permissions.", Weight.FATAL)
