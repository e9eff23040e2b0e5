"""The `elasreg` command: parsing and printing only. Exit codes: 0 done, 2 bad usage or bad input, 1 internal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from elasreg_core import __version__
from elasreg_core.cli import app, apply, compare, data, doctor, register, search, submission, train
from elasreg_core.errors import InputError

EPILOG = """\
a first walk, on made-up hearts:
  elasreg phantom cardiac --subjects 4 --out hearts
  elasreg data check hearts --dataset acdc
  elasreg search --checkpoint cardiac --data hearts --dataset acdc --out sweep.csv
  elasreg app --data hearts

results are kept in the folder named by ELASREG_HOME (default: ./workspace)
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="elasreg",
        description="Learn from the data which elastic regularization suits this tissue in this patient: "
        "train once, search (λ, μ) per subject and tissue, register.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"elasreg {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (app, doctor, data, train, search, register, apply, compare, submission):
        module.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parsed = build_parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed) or 0)
    except InputError as error:
        print(f"elasreg: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"elasreg: {error.strerror or error}: {error.filename or 'no file named'}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nelasreg: stopped; what was finished is kept.", file=sys.stderr)
        return 130
