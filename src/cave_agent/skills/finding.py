"""Finding skills that the catalog has no room for."""

from collections.abc import Iterable

from cave_agent.finding import matches
from cave_agent.skills.skill import Skill
from cave_agent.skills.validation import one_line

MOST_FOUND = 20
_LONGEST_DESCRIPTION = 200


def find_skills(skills: Iterable[Skill], words: str) -> dict[str, str]:
    """Return the skills that words are about: name to description, the best first.

    Args:
        skills: The skills; hidden ones are left out.
        words: Words to look for in names and descriptions.

    Raises:
        TypeError: `words` is no text.

    Example:
        >>> find_skills([Skill("pdf", "Fills forms."), Skill("csv", "Reads tables.")], "form")
        {'pdf': 'Fills forms.'}
    """
    if not isinstance(words, str):
        message = f"words={words!r} is no text: give a few words, such as 'pdf forms'."
        raise TypeError(message)
    shown = {skill.name: one_line(skill.description) for skill in skills if not skill.hidden}
    return {name: _shortened(shown[name]) for name in matches(words, shown.items())[:MOST_FOUND]}


def _shortened(description: str) -> str:
    if len(description) <= _LONGEST_DESCRIPTION:
        return description
    return description[: _LONGEST_DESCRIPTION - 1].rstrip() + "…"
