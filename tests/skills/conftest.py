"""Fixtures for tests of skills."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

WriteSkill: TypeAlias = Callable[..., Path]


@pytest.fixture
def write_skill(tmp_path: Path) -> WriteSkill:
    """Write a skill below `tmp_path / "skills"`, and return its SKILL.md."""

    def write(
        name: str,
        body: str = "Do it well.",
        *,
        description: str = "Does things.",
        more: str = "",
        injection: str | None = None,
        files: dict[str, str] | None = None,
        inside: str = "",
    ) -> Path:
        directory = tmp_path / "skills" / inside / name
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "SKILL.md"
        text = f"---\nname: {name}\ndescription: {description}\n{more}---\n{body}"
        path.write_text(text, encoding="utf-8")
        if injection is not None:
            (directory / "injection.py").write_text(injection, encoding="utf-8")
        for file, content in (files or {}).items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(content, encoding="utf-8")
        return path

    return write
