"""Kill -9, counted: `python -m tests.faults.kills --times 50` (`make faults`).

A training, a search and the app's server are killed so many times each, at moments drawn from a fixed seed. Ends with
an error at the first node that is lost, the first checkpoint that is not whole, the first result that is another one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.browser.conftest import CHROMIUM
from tests.faults.kill_app import kill_app
from tests.faults.killing import kill_again_and_again
from tests.faults.victims import SearchVictim, TrainingVictim, make_hearts

VICTIMS = {"training": TrainingVictim, "search": SearchVictim}
APP = "app"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="kills of each (default 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--only", nargs="+", choices=[*VICTIMS, APP], default=[*VICTIMS, APP])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hearts = make_hearts(Path(folder) / "hearts")
        for name in arguments.only:
            began, rng = time.monotonic(), np.random.default_rng(arguments.seed)
            tally: object
            if name != APP:
                victim = VICTIMS[name](Path(folder) / name, hearts)
                tally = kill_again_and_again(victim, arguments.times, victim.seconds, rng)
            elif CHROMIUM is None:
                tally = "skipped: no Chromium on this machine presses a button (apt-get install chromium)"
            else:
                tally = kill_app(Path(folder) / name, arguments.times, rng)
            print(f"{name}: {tally} ({(time.monotonic() - began) / 60:.1f} min)", flush=True)


if __name__ == "__main__":
    main()
