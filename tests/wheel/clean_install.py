"""Installs the wheel with every Python from 3.11 to 3.13 found here, each into a clean environment, and uses it.

`make wheel-check` runs it: the commands in an empty folder, a job, and the app, drawn in Chromium where there is one.
Nothing of the repository is on the interpreters' path, and nothing may be written into the installed package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.browser.serving import CHROMIUM_FLAGS, PAGES, served_app

VERSIONS = ("3.11", "3.12", "3.13")
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_JOB = """
import time
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import store_path
jobs = Jobs(store_path())
job = jobs.start("search", "hearts", "search --checkpoint cardiac --data HEARTS --dataset acdc --grid 3".split())
while (now := jobs.get(job.id)).is_running:
    time.sleep(0.2)
print(now.state, now.message)
raise SystemExit(now.state != "done")
"""


def interpreters() -> dict[str, Path]:
    """Version → an interpreter of it that answers: on the path, or among pyenv's."""
    found = {}
    for version in VERSIONS:
        candidates = [shutil.which(f"python{version}")]
        candidates += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        for candidate in filter(None, candidates):
            asked = [str(candidate), "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
            if subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == version:
                found[version] = Path(candidate)
                break
    return found


def check(python: Path, wheel: Path, folder: Path) -> None:
    """Installs the wheel into an environment below a folder, and uses it; raises where anything fails."""
    subprocess.run([python, "-m", "venv", folder / "env"], check=True)
    own = folder / "env" / "bin"
    install = [own / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    _told("pip install", install, folder)
    (package,) = (folder / "env").glob("lib/*/site-packages/elasreg_core")
    before = set(_files(package))
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    hearts = str(elsewhere / "hearts")
    first = f"{hearts}/training/patient001/patient001_frame"
    for words in (
        "--version",
        "doctor",
        "phantom cardiac --subjects 1 --seed 7 --out hearts",
        "data check hearts --dataset acdc",
        "search --checkpoint cardiac --data hearts --dataset acdc --out sweep.csv",
        f"register --fixed {first}01.nii.gz --fixed-labels {first}01_gt.nii.gz --moving {first}12.nii.gz "
        f"--moving-labels {first}12_gt.nii.gz --checkpoint cardiac --out registered",
    ):
        _told(f"elasreg {words.split(' --')[0]}", [own / "elasreg", *words.split()], elsewhere)
    rows = len((elsewhere / "sweep.csv").read_text().splitlines()) - 1
    if rows != 3 * 120 or not (elsewhere / "registered" / "report.html").is_file():
        raise RuntimeError(f"the search wrote {rows} rows instead of 360, or there is no report")
    _told("a job", [own / "python", "-c", _JOB.replace("HEARTS", hearts)], elsewhere)
    began = time.monotonic()
    with served_app(folder / "home", folder=elsewhere, python=own / "python", PYTHONPATH="") as url:
        drawn = f"{_draw(url)} pages drawn" if _CHROMIUM else "it answers; not drawn, for want of Chromium"
    print(f"  elasreg app: {drawn}, {time.monotonic() - began:.0f} s", flush=True)
    written = set(_files(package)) - before
    if written:
        raise RuntimeError(f"the installed package was written into: {sorted(written)}")


def _files(package: Path) -> Iterator[Path]:
    return (path for path in package.rglob("*") if "__pycache__" not in path.parts)


def _told(title: str, command: list[Path | str], folder: Path) -> None:
    """Runs a command with nothing of ours around it, and tells how long it took."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HOME", "LANG", "TMP"))}
    began = time.monotonic()
    path = f"{command[0].parent}:/usr/bin:/bin"
    done = subprocess.run(command, cwd=folder, env=kept | {"PATH": path}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{title} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    print(f"  {title}: {time.monotonic() - began:.0f} s", flush=True)


def _draw(url: str) -> int:
    """Opens every page in Chromium, and waits for its heading; how many there are."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=CHROMIUM_FLAGS)
        for name, heading in PAGES.items():
            page = browser.new_page()
            page.goto(f"{url}/{name}")
            page.get_by_role("heading", name=heading).wait_for(timeout=90_000)
            page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=90_000)
            wrong = page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]')
            if wrong.count():
                raise RuntimeError(f"page {name or 'start'}: {wrong.first.inner_text()}")
            page.close()
        browser.close()
    return len(PAGES)


def main() -> int:
    """Checks every interpreter that is found; 1 if the wheel fails one of them, or there is none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel.resolve()
    zipfile.ZipFile(wheel).close()
    failed = 0
    found = interpreters()
    for version in VERSIONS:
        if version not in found:
            print(f"Python {version}: there is none on this machine; not checked")
            continue
        print(f"Python {version}, {found[version]}:", flush=True)
        with tempfile.TemporaryDirectory(prefix="elasreg-wheel-") as folder:
            try:
                check(found[version], wheel, Path(folder))
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                print(f"  failed: {error}")
                failed += 1
    return int(failed > 0 or not found)


if __name__ == "__main__":
    sys.exit(main())
