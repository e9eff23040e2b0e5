"""`elasreg app`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

from elasreg_core.data.datasets import LAYOUTS, detect_layout, open_dataset
from elasreg_core.errors import InputError
from elasreg_core.workspace.paths import PROJECT, home

LOCAL = "localhost"
TOKEN_VARIABLE = "ELASREG_TOKEN"  # noqa: S105 (its name; read by `pages/_shared/door.py`)


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("app", help="open the browser app, bound to localhost unless told otherwise")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data set to show beside the demo")
    parser.add_argument("--dataset", choices=list(LAYOUTS), help="its layout (default: recognised)")
    parser.add_argument("--port", type=int, help="default: 8501, or the next one that is free")
    parser.add_argument(
        "--address",
        default=LOCAL,
        metavar="HOST",
        help="bind to another address than localhost, e.g. 0.0.0.0; the page then asks for a token, which is taken "
        f"from {TOKEN_VARIABLE} or made up and printed. Not encrypted: put it behind a proxy with TLS",
    )
    parser.add_argument("--no-browser", action="store_true", help="only serve; do not open a browser window")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Becomes Streamlit, in the project's folder: whoever ends this process ends the server."""
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
    environment.pop(TOKEN_VARIABLE, None)
    if arguments.address not in (LOCAL, "127.0.0.1", "::1"):
        token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(16)
        environment[TOKEN_VARIABLE] = token
        print(f"Everyone who reaches {arguments.address} and knows this token may come in: {token}")
    command = [sys.executable, "-m", "pages._shared.serve", "--server.address", arguments.address]
    if arguments.port is not None:
        command += ["--server.port", str(arguments.port)]
    if arguments.no_browser:
        command += ["--server.headless", "true"]
    sys.stdout.flush()
    os.chdir(PROJECT)
    os.execve(command[0], command, environment)
