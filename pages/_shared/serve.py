"""Starts Streamlit on app.py: `python -m pages._shared.serve [streamlit options]`, as `elasreg app` does.

Streamlit takes a folder named `pages` beside the main script for its older kind of multipage app, until app.py has run
once. On a fresh server a link straight to a page would then be drawn without app.py: without its navigation and layout.
Saying beforehand that app.py routes avoids that.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from elasreg_core.workspace.demo import make_demo
from elasreg_core.workspace.uploads import remove_orphans

APP = Path(__file__).resolve().parents[2] / "app.py"

if __name__ == "__main__":
    PagesManager.uses_pages_directory = False
    remove_orphans()
    threading.Thread(target=make_demo, daemon=True).start()  # while the server and the browser start
    cli.main(["run", str(APP), *sys.argv[1:]])
