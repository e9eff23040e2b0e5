"""Links out of docs/, to code, notebooks or the README, lead to the repository's files; the site gets copies of those.

A hook of MkDocs: so one and the same link works on the repository's pages and on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "files"  # of the site
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)#\s]+)")


def _target(page: str, link: str) -> str | None:
    """The path from the repository's root of what a page links to; None if it lies in docs/ or nowhere."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path.startswith(("docs/", "..")) or not (ROOT / path).exists() else path


def on_files(files: Any, config: Any) -> Any:
    """Adds a copy of every file that a page links to."""
    for page in list(files.documentation_pages()):
        for _, link in _LINK.findall(Path(page.abs_src_path).read_text(encoding="utf-8")):
            path = _target(page.src_uri, link)
            if path is None or not (ROOT / path).is_file():
                continue
            uri = f"{FOLDER}/{path}" + ".txt" * path.endswith((".py", ".md", ".toml"))  # browsers show them
            if files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, content=(ROOT / path).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns links to the repository's files into links to the copies; links to its folders into words."""

    def replaced(match: re.Match[str]) -> str:
        path = _target(page.file.src_uri, match[2])
        if path is None or not (ROOT / path).is_file():
            return match[0]
        uri = f"{FOLDER}/{path}" + ".txt" * path.endswith((".py", ".md", ".toml"))
        return match[1] + posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return _LINK.sub(replaced, markdown)
