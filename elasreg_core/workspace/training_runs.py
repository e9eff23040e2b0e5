"""A training run from its configuration: find or make the data, load it, train every model of the family."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from elasreg_core.atomic import write_atomic
from elasreg_core.config import RunConfig, subjects_of
from elasreg_core.data.datasets import Dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.prepared import fingerprint as fingerprint_of_files
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError, unwritable
from elasreg_core.locks import held
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.registration.memory import bytes_free
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.loop import Progress, train_model
from elasreg_core.training.stacks import open_stacks, stacked_bytes, write_stacks
from elasreg_core.training.state import LOCK, RunFolder, fingerprint
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import data_folder, find_family, home, open_data
from elasreg_core.workspace.progress import Reporter


def training_data(config: RunConfig, reporter: Reporter) -> Dataset:
    """The run's data set; a phantom cohort is made where its folder is missing.

    Raises:
        InputError: the folder is missing and no phantom is described, or it holds another layout.
    """
    root = data_folder() / config.data.root  # an absolute root stays itself
    phantom = config.data.phantom
    if phantom is not None and not root.exists():
        done = reporter.phase(f"making {phantom.subjects} {phantom.kind} phantoms", phantom.subjects)
        count = itertools.count(1)
        ensure_phantom(phantom, root, lambda _: done(next(count)))
    return subjects_of(config, open_data(root, config.data.layout))


def run_training(
    config: RunConfig,
    text: str,
    out: Path,
    resume: bool,
    reporter: Reporter,
    devices: int | None = None,
    memory_gib: float | None = None,
) -> list[Checkpoint]:
    """Trains the models of a configuration one after the other into `out/<model>`.

    Args:
        config: the run.
        text: the TOML it was read from; the run keeps it as `out/config.toml`.
        out: the family's folder.
        resume: go on where a run was interrupted; finished models are left as they are.
        reporter: hears of progress.
        devices: how many share every batch, as of `train_model`.
        memory_gib: what the cohort's pairs may take of the memory (None: half of what is free); a larger cohort is put
            onto disk, from which every batch reads its own pairs.

    Raises:
        InputError: the family to start from is missing, or another process trains into `out`; see also
            `training_data`, `load_case` and `train_model`.
    """
    origin = _origin(config)
    dataset = training_data(config, reporter)
    for fault in dataset.faults:
        reporter.note(f"Left out: {fault}")
    pairs = training_pairs(dataset, config, reporter, memory_gib)
    with _alone_in(out):
        return _trained(config, text, pairs, out, resume, reporter, origin, devices)


def _trained(
    config: RunConfig,
    text: str,
    pairs: TrainingSet,
    out: Path,
    resume: bool,
    reporter: Reporter,
    origin: Checkpoint | None,
    devices: int | None,
) -> list[Checkpoint]:
    """The models of a family, trained one after the other by this process alone."""
    for model in config.models:
        RunFolder(out / model, fingerprint(config, model, pairs)).require_usable(resume)
    write_atomic(out / "config.toml", text)
    checkpoints: dict[str, Checkpoint] = {}
    for model in config.models:
        adaptive = MODELS[model].is_adaptive
        warm = config.training.warm_start_steps if adaptive else None
        done = reporter.phase(f"training {model}", warm or config.training.steps)

        def on_step(progress: Progress, done: Callable[[int], None] = done) -> None:
            reporter.loss(progress.loss)
            done(progress.step)

        start = checkpoints[MODELS[model].global_name] if warm else None
        if not adaptive:
            start = origin
        checkpoints[model] = train_model(config, model, pairs, out / model, resume, on_step, start, devices)
    return list(checkpoints.values())


@contextlib.contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Two processes in one folder would mix their states; a killed one leaves the way free.

    Raises:
        InputError: another one trains there, or the folder cannot be written to.
    """
    with contextlib.ExitStack() as until_the_end:
        try:
            out.mkdir(parents=True, exist_ok=True)
            is_free = until_the_end.enter_context(held(out / LOCK))
        except OSError as error:
            raise unwritable(out, error) from error
        if not is_free:
            raise InputError(
                f"Another process is training into {out}.",
                expected="one training to a folder at a time",
                cure="Wait until it has ended, or choose another --out",
            )
        yield


def _origin(config: RunConfig) -> Checkpoint | None:
    """The global network that the run starts from, if its configuration names one."""
    if config.start is None:
        return None
    try:
        return find_family(config.start).member("elas-g")
    except InputError as error:
        raise InputError(
            f"This training starts from the elas-g of {config.start}, which cannot be used.",
            received=str(error),
            cure=f"Train it first: elasreg train {config.start} --out {home() / 'checkpoints' / config.start}",
        ) from error


def training_pairs(
    dataset: Dataset, config: RunConfig, reporter: Reporter, memory_gib: float | None = None
) -> TrainingSet:
    """The pairs of a run: in memory, or where they would take more of it than they may, on disk.

    Raises:
        InputError: see `load_case`, `TrainingSet.from_pairs` and `write_stacks`.
    """
    has_truth = all(case.truth is not None for case in dataset.cases)
    needed = stacked_bytes(len(dataset.cases), config.preprocessing.grid_shape, has_truth)
    allowed = bytes_free() / 2 if memory_gib is None else memory_gib * 2**30
    done = reporter.phase("loading pairs", len(dataset.cases))

    def load(subject: str) -> RegistrationPair:
        return dataset.load(subject, config.preprocessing)

    if needed > allowed:
        folder = _stacks_folder(dataset, config)
        reporter.note(f"The pairs take {needed / 2**30:.3g} GiB and stay on disk, in {folder}.")
        return open_stacks(folder) or write_stacks(folder, dataset.subjects, load, done)
    pairs = []
    for subject in dataset.subjects:
        pairs.append(load(subject))
        done(len(pairs))
    return TrainingSet.from_pairs(pairs)


def _stacks_folder(dataset: Dataset, config: RunConfig) -> Path:
    """Where the stacks of just these pairs lie; a changed file makes another folder."""
    tissues = dataset.tissues or TissueTable(("unknown",))  # which loading will say
    each = [fingerprint_of_files(case, config.preprocessing, tissues) for case in dataset.cases]
    return home() / "prepared" / f"stacks-{hashlib.sha256(repr(each).encode()).hexdigest()[:20]}"
