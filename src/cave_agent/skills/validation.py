"""The rules of the standard for a skill's fields, as the reference implementation has them.

What a broken rule means is the policy's matter: see `Weight`.
"""

import unicodedata
from collections.abc import Iterator, Mapping

from cave_agent.skills.diagnostics import Problem, Weight
from cave_agent.skills.frontmatter import Value

LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1024
LONGEST_COMPATIBILITY = 500
FIELDS = ("allowed-tools", "compatibility", "description", "license", "metadata", "name")

_NAME_ADVICE = "Use 1 to 64 lowercase letters, digits and single hyphens, such as pdf-forms."


def check_fields(
    fields: Mapping[str, Value], lines: Mapping[str, int], directory: str
) -> list[Problem]:
    """Return what is wrong with the fields.

    Args:
        fields: Name to value.
        lines: The line that each one stands on.
        directory: Name of the skill's directory.
    """
    return [
        *_check_unexpected(fields, lines),
        *_check_name(fields, lines.get("name"), directory),
        *_check_description(fields, lines.get("description")),
        *_check_others(fields, lines),
    ]


def is_name(text: str) -> bool:
    """Return whether a text is a name by the standard.

    Example:
        >>> is_name("pdf-forms"), is_name("PDF forms")
        (True, False)
    """
    return bool(text) and not any(_name_problems(text, None))


def normalized(name: str) -> str:
    """Return a name as it is compared: without blanks around it, in Unicode's form NFKC."""
    return unicodedata.normalize("NFKC", name.strip())


def one_line(text: str) -> str:
    """Return a text in one line, without what could not be printed."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def _check_unexpected(fields: Mapping[str, Value], lines: Mapping[str, int]) -> Iterator[Problem]:
    extra = sorted(set(fields).difference(FIELDS))
    if extra:
        message = (
            f"Unexpected fields in frontmatter: {', '.join(extra)}. "
            f"Only {sorted(FIELDS)} are allowed."
        )
        advice = "Move them into metadata, or leave them out."
        yield Problem("unexpected-field", message, advice, Weight.NICETY, lines.get(extra[0]))


def _check_name(fields: Mapping[str, Value], line: int | None, directory: str) -> Iterator[Problem]:
    advice = f"Add a line such as name: {directory}."
    if "name" not in fields:
        yield Problem("no-name", "Missing required field in frontmatter: name", advice)
        return
    name = fields["name"]
    if not isinstance(name, str) or not name.strip():
        yield Problem("no-name", "Field 'name' must be a non-empty string", advice, line=line)
        return
    name = normalized(name)
    yield from _name_problems(name, line)
    if unicodedata.normalize("NFKC", directory) != name:
        message = f"Directory name '{directory}' must match skill name '{name}'"
        yield Problem("name-not-directory", message, "Rename one of the two.", line=line)


def _name_problems(name: str, line: int | None) -> Iterator[Problem]:
    if len(name) > LONGEST_NAME:
        message = f"Skill name '{name}' exceeds {LONGEST_NAME} character limit ({len(name)} chars)"
        yield Problem("long-name", message, _NAME_ADVICE, line=line)
    if name != name.lower():
        message = f"Skill name '{name}' must be lowercase"
        yield Problem("name-not-lowercase", message, _NAME_ADVICE, line=line)
    if name.startswith("-") or name.endswith("-"):
        message = "Skill name cannot start or end with a hyphen"
        yield Problem("hyphen-in-name", message, _NAME_ADVICE, line=line)
    if "--" in name:
        message = "Skill name cannot contain consecutive hyphens"
        yield Problem("hyphen-in-name", message, _NAME_ADVICE, line=line)
    if not all(character.isalnum() or character == "-" for character in name):
        message = (
            f"Skill name '{name}' contains invalid characters. "
            "Only letters, digits, and hyphens are allowed."
        )
        yield Problem("character-in-name", message, _NAME_ADVICE, line=line)


def _check_description(fields: Mapping[str, Value], line: int | None) -> Iterator[Problem]:
    advice = "Say in a sentence or two what the skill does and when to use it."
    if "description" not in fields:
        message = "Missing required field in frontmatter: description"
        yield Problem("no-description", message, advice, Weight.FATAL)
        return
    description = fields["description"]
    if not isinstance(description, str) or not description.strip():
        message = "Field 'description' must be a non-empty string"
        yield Problem("no-description", message, advice, Weight.FATAL, line)
    elif len(description) > LONGEST_DESCRIPTION:
        message = (
            f"Description exceeds {LONGEST_DESCRIPTION} character limit ({len(description)} chars)"
        )
        advice = "Say what the skill does and when to use it; move the rest below the frontmatter."
        yield Problem("long-description", message, advice, line=line)


def _check_others(fields: Mapping[str, Value], lines: Mapping[str, int]) -> Iterator[Problem]:
    compatibility = fields.get("compatibility", "")
    line = lines.get("compatibility")
    if not isinstance(compatibility, str):
        message = "Field 'compatibility' must be a string"
        yield Problem("compatibility", message, "Write it as one text.", line=line)
    elif len(compatibility) > LONGEST_COMPATIBILITY:
        message = (
            f"Compatibility exceeds {LONGEST_COMPATIBILITY} character limit "
            f"({len(compatibility)} chars)"
        )
        yield Problem("compatibility", message, "Shorten it.", line=line)
    metadata = fields.get("metadata", "")
    if metadata and not isinstance(metadata, dict):
        yield Problem(
            "metadata",
            "Field 'metadata' is no mapping, and is left out",
            "Write fields below it, each indented: key: value.",
            Weight.NOTE,
            lines.get("metadata"),
        )
    if not isinstance(fields.get("license", ""), str):
        message = "Field 'license' is no text, and is left out"
        yield Problem(
            "license", message, "Write it as one text.", Weight.NOTE, lines.get("license")
        )
