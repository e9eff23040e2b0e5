"""`python -m benchmarks`: measures, prints and writes `benchmarks/RESULTS.md`."""

from __future__ import annotations

import argparse
import traceback
from pathlib import Path

from benchmarks import app, others, sweeps, training, volumes
from benchmarks.report import Row, write

PARTS = {
    "a": sweeps.against_stock,  # and b
    "c": sweeps.floor,
    "d": training.against_fit,
    "e": volumes.nodes,
    "f": sweeps.growth,
    "g": app.waits,
    "h": others.elsewhere,
}


def main() -> None:
    """Runs the parts asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts (a includes b)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of every timing (default 5)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    arguments = parser.parse_args()
    if arguments.only != list(PARTS) and arguments.out == Path(__file__).with_name("RESULTS.md"):
        parser.error("some parts alone need another file: --out FILE")
    rows: list[Row] = []
    for letter in arguments.only:
        try:
            found = PARTS[letter](arguments.repeats)
        except Exception as error:  # half an hour's results are not lost to one part's fault
            traceback.print_exc()
            found = [Row(letter, PARTS[letter].__doc__ or "", f"not measured: {type(error).__name__}")]
        rows += found
        for row in found:
            print(" · ".join((row.letter, row.what, row.ours, row.rival, row.ratio)), flush=True)
        write(rows, arguments.out, arguments.repeats)
    print(f"Written to {arguments.out}.")


if __name__ == "__main__":
    main()
