"""The `elasreg` command: parsing and printing only. Exit codes: 0 done, 2 bad usage or bad input, 1 internal."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence

from elasreg_core import __version__
from elasreg_core.cli import app, apply, compare, data, doctor, register, search, submission, train, verify
from elasreg_core.errors import InputError, means_unwritable, unwritable
from elasreg_core.workspace.worker import this_worker

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
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for module in (app, doctor, data, train, search, register, apply, compare, submission, verify):
        module.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. In a job's worker, the job hears how it ended."""
    worker = this_worker()
    if worker is None:
        return _run(arguments)[0]
    with worker:
        code, sentence = _run(arguments)
        worker.finish(code, sentence)
    return code


def _run(arguments: Sequence[str] | None) -> tuple[int, str]:
    """Runs one command; returns its exit code, and what is to be said of it."""
    parsed = build_parser().parse_args(arguments)
    code, sentence = 2, ""
    try:
        return int(parsed.run(parsed) or 0), ""
    except InputError as error:
        sentence = str(error)
    except OSError as error:
        sentence = f"{error.strerror or error}: {error.filename or 'no file named'}."
        if means_unwritable(error):
            sentence = str(unwritable(error.filename or "A file", error))
    except KeyboardInterrupt:
        code, sentence = 130, "stopped; what was finished is kept."
        print(file=sys.stderr)
    with contextlib.suppress(OSError):  # of a terminal that is gone, or a log on a disk that is full
        print(f"elasreg: {sentence}", file=sys.stderr, flush=True)
    return code, sentence
