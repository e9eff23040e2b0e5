"""What a benchmark found, and the file it is written to."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import Timing

_NO_GPU = (
    "Nothing here says what a GPU does. On a machine that has one, with elasreg's extra `gpu`, `make bench` fills\n"
    "these rows with its figures, and `python -m benchmarks.scale` those of [docs/scale.md](../docs/scale.md)."
)


@dataclass(frozen=True)
class Row:
    """One line of the results: ours, the rival's, and how many times as fast ours is."""

    letter: str
    what: str
    ours: str
    rival: str = "–"
    ratio: str = "–"

    @classmethod
    def against(cls, letter: str, what: str, ours: Timing, rival: Timing, note: str = "") -> Row:
        """A row with a rival measured in the same run."""
        return cls(letter, what, str(ours), f"{rival}{note}", f"{rival.median / ours.median:.3g}")


def machine() -> str:
    """The machine in a sentence."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux
        pass
    from elasreg_core.networks.voxelmorph_tf import tf

    details = tf.config.experimental.get_device_details
    gpus = [details(gpu).get("device_name") for gpu in tf.config.list_physical_devices("GPU")]
    return (
        f"{model}, {os.cpu_count()} cores; {', '.join(map(str, gpus)) or 'no GPU: none was to be had'}; "
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}"
    )


def write(rows: list[Row], path: Path, repeats: int) -> str:
    """Writes the table, and returns it."""
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; what is measured stands in `benchmarks/`. Times are medians, with their range in",
        f"brackets, of {repeats} runs or more, ours and the rival's in turn (ANTs' after ours), after a first run that",
        "does not count: it traces and compiles. The ratio says how many times as fast ours is.",
        "",
        f"Machine: {machine()}.",
        *([_NO_GPU] if "no GPU" in machine() else []),
        "",
        "| | what | ours | rival | ratio |",
        "|---|---|---|---|---|",
        *(f"| {row.letter} | {row.what} | {row.ours} | {row.rival} | {row.ratio} |" for row in rows),
        "",
    ]
    text = "\n".join(lines)
    path.write_text(text, encoding="utf-8")
    return text
