"""What the model reads about skills before it activates one."""

import re
from collections.abc import Iterable, Sequence

from cave_agent._strings import escaped
from cave_agent.skills.skill import Skill
from cave_agent.skills.validation import LONGEST_DESCRIPTION, one_line

BUDGET = 20_000
"""Characters of a catalog; over it descriptions are shortened first, then skills left out."""
_SHORTEST = 60
_CUT_ENTITY = re.compile(r"&[^;]*$")

_HOW_TO = """\
A skill is instructions for a kind of task. When a task is of a kind below, run \
`activate_skill("name")` before you begin: its instructions then follow, with the functions, \
variables and types that it brings."""
_MORE = """\
{:,} more skills are not listed: `find_skills("a few words")` returns those that are about the \
words, with their descriptions."""


def describe_skills(skills: Iterable[Skill], told: str = "") -> str:
    """Return the catalog: names, descriptions and how to activate; empty without any skill.

    Args:
        skills: The skills; hidden ones are left out.
        told: A text that the model has; what stands in it is left out.

    Example:
        >>> print(describe_skills([Skill("pdf", "Fills <forms>.")]).splitlines()[2])
        <skill><name>pdf</name><description>Fills &lt;forms&gt;.</description></skill>
    """
    shown = _shown(skills)
    listed = _listed(shown)
    new = [entry for entry in listed if entry not in told]
    if not new:
        return ""
    lines = [_HOW_TO, "<available_skills>", *new, "</available_skills>"]
    if left_out := len(shown) - len(listed):
        lines.append(_MORE.format(left_out))
    return "\n".join(lines)


def is_cut(skills: Iterable[Skill]) -> bool:
    """Return whether there are skills that the catalog has no room for."""
    shown = _shown(skills)
    return len(_listed(shown)) < len(shown)


def _shown(skills: Iterable[Skill]) -> list[Skill]:
    return [skill for skill in skills if not skill.hidden]


def _listed(shown: Sequence[Skill]) -> list[str]:
    """Return the entries that there is room for."""
    descriptions = [_escaped(skill.description) for skill in shown]
    longest = _longest_description(descriptions, BUDGET - sum(map(len, map(_entry, shown))))
    room, listed = BUDGET, []
    for skill, description in zip(shown, descriptions, strict=True):
        entry = _entry(skill, _shortened(description, longest))
        room -= len(entry)
        if room < 0:
            break
        listed.append(entry)
    return listed


def _entry(skill: Skill, description: str = "") -> str:
    name = f"<name>{_escaped(skill.name)}</name>"
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


def _escaped(text: str) -> str:
    return escaped(one_line(text))
