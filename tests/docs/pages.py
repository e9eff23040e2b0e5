"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def blocks(page: Path, language: str) -> list[tuple[str | None, str]]:
    """(title, text) of every fenced block of a language; the title is None where it has none."""
    found = re.findall(rf'^```{language}(?: title="([^"]+)")?\n(.*?)^```$', page.read_text(), re.M | re.S)
    return [(title or None, text) for title, text in found]
