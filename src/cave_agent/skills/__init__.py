"""Agent Skills: instructions for kinds of tasks, with the objects and files they come with."""

from cave_agent.skills.diagnostics import Diagnostic, Severity
from cave_agent.skills.discovery import SkillDiscovery, SkillList
from cave_agent.skills.registry import SkillRegistry
from cave_agent.skills.scripts import ScriptResult
from cave_agent.skills.skill import Skill

__all__ = [
    "Diagnostic",
    "ScriptResult",
    "Severity",
    "Skill",
    "SkillDiscovery",
    "SkillList",
    "SkillRegistry",
]
