"""`elasreg app`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from elasreg_core.data.datasets import LAYOUTS, detect_layout, open_dataset
from elasreg_core.errors import InputError
from elasreg_core.workspace.paths import PROJECT, home


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("app", help="open the browser app, bound to localhost")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data set to show beside the demo")
    parser.add_argument("--dataset", choices=list(LAYOUTS), help="its layout (default: recognised)")
    parser.add_argument("--port", type=int, help="default: 8501, or the next one that is free")
    parser.add_argument("--no-browser", action="store_true", help="only serve; do not open a browser window")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Starts Streamlit in the project's folder."""
    environment = dict(os.environ)
    if arguments.data is not None:
        if not arguments.data.is_dir():
            raise InputError(f"There is no folder {arguments.data}.", cure="Check the path")
        layout = arguments.dataset or detect_layout(arguments.data)
        if layout is None:
            raise InputError(f"{arguments.data} follows no known layout.", expected=" or ".join(LAYOUTS))
        open_dataset(arguments.data, layout)
        environment |= {"ELASREG_DATA": str(arguments.data.resolve()), "ELASREG_DATA_LAYOUT": layout}
    environment |= {"ELASREG_HOME": str(home())}  # the server runs in the project's folder, not in the user's
    command = [sys.executable, "-m", "pages._shared.serve", "--server.address", "localhost"]
    if arguments.port is not None:
        command += ["--server.port", str(arguments.port)]
    if arguments.no_browser:
        command += ["--server.headless", "true"]
    try:
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
