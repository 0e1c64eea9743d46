"""The samples in `docs/` run as they stand, and links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAMPLES = [
    pytest.param(sample, id=f"{page.stem}-{number}")
    for page in PAGES
    if page.name != "README.md"  # see test_readme.py
    for number, sample in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples(sample: str) -> None:
    exec(compile(sample, "sample", "exec"), {"__name__": "sample"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
