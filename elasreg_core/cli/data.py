"""`elasreg phantom`, `elasreg data check` and `elasreg data truth`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table
from elasreg_core.cli.how_made import keep_provenance
from elasreg_core.cli.search import add_split_to
from elasreg_core.config import read_config, subjects_of
from elasreg_core.data.check import check_dataset
from elasreg_core.data.datasets import LAYOUTS, open_dataset
from elasreg_core.data.nifti import write_volume
from elasreg_core.data.phantoms import PHANTOMS, Cohort, write_cohort
from elasreg_core.data.tissues import THORAX, TissueTable
from elasreg_core.data.totalsegmentator import VERSIONS, merge_tissues
from elasreg_core.errors import InputError
from elasreg_core.evaluation.phantom_motion import phantom_motion, summary
from elasreg_core.workspace.paths import find_family, home, open_data


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the commands."""
    phantom = commands.add_parser("phantom", help="write a phantom cohort as NIfTI, in a real data set's layout")
    phantom.add_argument("kind", choices=list(PHANTOMS))
    phantom.add_argument("--subjects", type=int, required=True, metavar="N")
    phantom.add_argument("--out", type=Path, required=True, metavar="DIR")
    phantom.add_argument("--seed", type=int, default=0, metavar="S", help="same seed, same cohort (default 0)")
    phantom.add_argument("--dim", type=int, choices=(2, 3), default=2, help="slices (default) or volumes")
    planes = ", ".join(f"{kind}: {' or '.join(PHANTOMS[kind].planes)}" for kind in PHANTOMS)
    phantom.add_argument("--plane", metavar="PLANE", help=f"what slices show ({planes}; default: the first)")
    phantom.set_defaults(run=run_phantom)

    data = commands.add_parser("data", help="look at a data set before computing anything")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="counts, grids, spacing, orientation, labels, faults")
    check.add_argument("dir", type=Path, metavar="DIR")
    check.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    check.set_defaults(run=run_check)
    prepare = actions.add_parser("prepare", help="preprocess once, so that later searches and trainings start at once")
    prepare.add_argument("dir", type=Path, metavar="DIR")
    prepare.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    add_split_to(prepare)
    how = prepare.add_mutually_exclusive_group(required=True)
    how.add_argument("--checkpoint", metavar="NAME|DIR", help="as these networks want it")
    how.add_argument("--config", metavar="CONFIG", help="as this training wants it: a .toml file or a preset")
    prepare.set_defaults(run=run_prepare)
    tissues = actions.add_parser("tissues", help="merge TotalSegmentator's classes into tissues: lung, bone, liver")
    tissues.add_argument("segmentation", type=Path, metavar="SEGMENTATION", help="its folder, or its --ml label map")
    tissues.add_argument("--version", type=int, choices=VERSIONS, default=2, help="that wrote a map (default 2)")
    tissues.add_argument("--tissues", nargs="+", default=list(THORAX.names), metavar="NAME", help="in label order")
    tissues.add_argument("--out", type=Path, required=True, metavar="FILE", help="e.g. labelsTr/NLST_0001_0000.nii.gz")
    tissues.set_defaults(run=run_tissues)
    truth = actions.add_parser("truth", help="phantoms: how stiff the tissues are and how far they move")
    truth.add_argument("dir", type=Path, metavar="DIR", help="a cohort that `elasreg phantom` wrote")
    truth.add_argument("--out", type=Path, metavar="CSV", help="also one row per subject and tissue")
    truth.set_defaults(run=run_truth)


def run_phantom(arguments: argparse.Namespace) -> None:
    """Writes a cohort."""
    out = arguments.out
    cohort = Cohort(arguments.kind, arguments.subjects, arguments.seed, arguments.dim, arguments.plane)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not empty.", expected="a new folder", cure="Choose another --out or remove it")
    with Bars() as bars:
        done = bars.phase(f"{cohort.kind} phantoms", cohort.subjects)
        for count, _ in enumerate(write_cohort(out, cohort), start=1):
            done(count)
    keep_provenance(arguments, out, sorted(path for path in out.rglob("*") if path.is_file()), {})
    print(f"{cohort.subjects} subjects in {out}, layout {cohort.layout}, seed {cohort.seed}; the truth in {out}/truth.")


def run_check(arguments: argparse.Namespace) -> int:
    """Prints the table, the notes and the faults of a data set."""
    dataset = open_dataset(arguments.dir, arguments.dataset)
    with Bars() as bars:
        done = bars.phase("reading", len(dataset.cases))
        count = iter(range(1, len(dataset.cases) + 1))
        checked = check_dataset(dataset, lambda _: done(next(count)))
    if not checked.table.empty:
        print_table(checked.table)
    for note in checked.notes:
        print(f"note: {note}")
    for fault in checked.faults:
        print(f"fault: {fault}", file=sys.stderr)
    print(f"{len(checked.table)} of {len(dataset.cases)} subjects can be read, {len(checked.faults)} faults.")
    return 2 if checked.faults else 0


def run_prepare(arguments: argparse.Namespace) -> int:
    """Keeps every subject's pair in the workspace; what is there already is left as it is."""
    dataset = open_data(arguments.dir, arguments.dataset).part(arguments.split)
    tissues = None
    if arguments.checkpoint is not None:
        checkpoint = next(iter(find_family(arguments.checkpoint).members.values()))
        settings, tissues = checkpoint.card.preprocessing, checkpoint.tissues
    else:
        config, _ = read_config(arguments.config)
        settings, dataset = config.preprocessing, subjects_of(config, dataset)
    faults, made = list(dataset.faults), 0
    with Bars() as bars:
        done = bars.phase("preparing", len(dataset.cases))
        for count, subject in enumerate(dataset.subjects, start=1):
            try:
                made += dataset.prepare(subject, settings, tissues)
            except InputError as fault:
                faults.append(str(fault))
            done(count)
    for sentence in faults:
        print(f"fault: {sentence}", file=sys.stderr)
    print(f"{made} of {len(dataset.cases)} subjects prepared now, in {home() / 'prepared'}; {len(faults)} faults.")
    return 2 if faults else 0


def run_tissues(arguments: argparse.Namespace) -> None:
    """Merges the classes of one image."""
    table = TissueTable(tuple(arguments.tissues))
    merged = merge_tissues(arguments.segmentation, arguments.version, table)
    write_volume(arguments.out, merged.data, merged.affine)
    counts = np.bincount(merged.data.ravel(), minlength=table.n_classes)
    print(f"{arguments.out}: " + ", ".join(f"{label} {name} {counts[label]} voxels" for label, name in table) + ".")


def run_truth(arguments: argparse.Namespace) -> None:
    """Prints what a phantom cohort is."""
    motion = phantom_motion(arguments.dir)
    if arguments.out is not None:
        write_atomic(arguments.out, motion.to_csv(index=False))
    print_table(summary(motion))
