"""What the model reads about skills before it activates one."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from cave_agent.skills.skill import Skill
from cave_agent.skills.validation import LONGEST_DESCRIPTION

BUDGET = 20_000
"""Characters of a catalog; over it descriptions are shortened first, then skills left out."""
_SHORTEST = 60
_CUT_ENTITY = re.compile(r"&[^;]*$")

_HOW_TO = """\
A skill is instructions for a kind of task. When a task is of a kind below, run \
`activate_skill("name")` before you begin: its instructions then follow, with the functions, \
variables and types that it brings."""


def describe_skills(skills: Iterable[Skill], budget: int = BUDGET) -> str:
    """Return the catalog: names, descriptions and how to activate; empty without any skill.

    Args:
        skills: The skills; hidden ones are left out.
        budget: Characters that it may have.

    Example:
        >>> print(describe_skills([Skill("pdf", "Fills <forms>.")]).splitlines()[2])
        <skill><name>pdf</name><description>Fills &lt;forms&gt;.</description></skill>
    """
    shown = [skill for skill in skills if not skill.hidden]
    if not shown:
        return ""
    descriptions = [_one_line(skill.description) for skill in shown]
    longest = _longest_description(descriptions, budget - sum(map(len, map(_entry, shown))))
    entries = [
        _entry(skill, _shortened(description, longest))
        for skill, description in zip(shown, descriptions, strict=True)
    ]
    room, listed = budget, []
    for entry in entries:
        room -= len(entry)
        if room < 0:
            break
        listed.append(entry)
    lines = [_HOW_TO, "<available_skills>", *listed, "</available_skills>"]
    if left_out := len(entries) - len(listed):
        lines.append(f"{left_out:,} more skills are not listed; their names can be used, too.")
    return "\n".join(lines)


def _entry(skill: Skill, description: str = "") -> str:
    name = f"<name>{_one_line(skill.name)}</name>"
    return f"<skill>{name}<description>{description}</description></skill>"


def _longest_description(descriptions: Sequence[str], room: int) -> int:
    """Return the length that descriptions are cut to, so that all of them fit if they can."""
    for place, length in enumerate(sorted(map(len, descriptions))):
        share = room // (len(descriptions) - place)
        if length > share:
            return max(share, _SHORTEST)
        room -= length
    return LONGEST_DESCRIPTION


def _shortened(description: str, longest: int) -> str:
    if len(description) <= longest:
        return description
    return _CUT_ENTITY.sub("", description[: longest - 1]).rstrip() + "…"


def _one_line(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return escape(" ".join(shown.split()), quote=False)
