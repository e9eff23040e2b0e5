"""The site builds without a warning and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    loaded = r'<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)="((?:https?:)?//[^"]+)"'
    assert {url for page in pages for url in re.findall(loaded, page.read_text())} == set()
    styles = [path.read_text() for path in site.rglob("*.css")]
    assert {url for text in styles for url in re.findall(r'url\(["\']?(https?://[^)]+)', text)} == set()


@pytest.mark.slow
def test_links_out_of_docs_lead_to_copies(site):
    page = (site / "conventions.html").read_text()
    (link,) = set(re.findall(r'href="(files/[^"]+fields\.py\.txt)"', page))
    assert (site / link).read_text() == (ROOT / "elasreg_core" / "physics" / "fields.py").read_text()


@pytest.mark.slow
def test_the_reference_shows_docstrings_and_their_examples_as_code(site):
    text = (site / "reference" / "physics.html").read_text()
    assert 'id="elasreg_core.physics.elasticity.elastic_energy_density"' in text
    assert "elasreg_core.physics.energy_parts.energy_parts" in text
    assert re.search(r'<span class="gp">&gt;&gt;&gt; </span>', text)
