"""The command `cave-agent skills`: looks at the skills in a directory."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from cave_agent.skills import Diagnostic, Severity, Skill, SkillDiscovery, SkillList
from cave_agent.skills.activation import skill_content

_MOST_SHOWN = 100


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add `list`, `validate` and `show` to the parser of `cave-agent skills`."""
    parser.description = (
        "Looks at the skills in a directory and below. The exit code is 1 where a skill is "
        "invalid, or where there is none."
    )
    actions = parser.add_subparsers(required=True, metavar="action", dest="action")
    for name, text in (
        ("list", "list the skills, and what is wrong with those that are left out"),
        ("validate", "hold the skills against the rules of the standard, as its reference does"),
        ("show", "print what a model reads of the skills, and their other fields"),
    ):
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        action.add_argument("directory", type=Path, metavar="DIR", help="directory with skills")


def run(options: argparse.Namespace) -> int:
    """Carry out one of the actions.

    Returns:
        The exit code: 1 where a skill is invalid or there is none.

    Raises:
        SkillError: There is no such directory, or a file cannot be read.
    """
    strict = options.action == "validate"
    found = SkillDiscovery.from_directory(options.directory, strict=strict)
    if options.action == "validate":
        _print_verdict(found)
    elif options.action == "list":
        _print_list(found)
    else:
        for skill in found:
            _print_skill(skill)
        _print_diagnostics(found.diagnostics)
    is_invalid = any(finding.severity is Severity.ERROR for finding in found.diagnostics)
    return 1 if is_invalid or not found else 0


def _print_list(found: SkillList) -> None:
    width = max((len(_shown(skill.name)) for skill in found), default=0)
    for skill in found:
        description = _shown(skill.description)
        if len(description) > _MOST_SHOWN:
            description = description[: _MOST_SHOWN - 1] + "…"
        print(f"{_shown(skill.name):<{width}}  {description}")
    _print_diagnostics(found.diagnostics)


def _print_verdict(found: SkillList) -> None:
    _print_diagnostics(found.diagnostics)
    errors = [finding for finding in found.diagnostics if finding.severity is Severity.ERROR]
    invalid = len({finding.path for finding in errors})
    print(f"{len(found)} valid, {invalid} invalid")


def _print_skill(skill: Skill) -> None:
    print(f"name: {_shown(skill.name)}")
    print(f"description: {_shown(skill.description)}")
    for name, value in (
        ("license", skill.license),
        ("compatibility", skill.compatibility),
        ("allowed tools", " ".join(skill.allowed_tools)),
        ("hidden from the model", "yes" if skill.hidden else ""),
    ):
        if value:
            print(f"{name}: {_shown(value)}")
    for name, value in skill.metadata.items():
        print(f"metadata, {_shown(name)}: {_shown(str(value))}")
    print(f"\n{_printable(skill_content(skill))}\n")


def _print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    for finding in diagnostics:
        print(_shown(str(finding)))


def _shown(text: str) -> str:
    """Return a text on one line."""
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """Return a text without what could steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
