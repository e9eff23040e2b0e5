"""Cached access to data and models. What is cached never changes.

Networks and listings are shared by all sessions. Pairs and all that is made of them belong to the session that asked,
and go with it, because they may have been uploaded.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from elasreg_core.data.datasets import Dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import Scores, score_displacement
from elasreg_core.identification.one_parameter import Step, along
from elasreg_core.metrics import local_ncc
from elasreg_core.networks.checkpoint import Checkpoint, load_checkpoint
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace import paths
from elasreg_core.workspace.demo import demo_cohort
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.pair_digests import PairDigests
from elasreg_core.workspace.reviews import Reviews
from elasreg_core.workspace.store import Store
from elasreg_core.workspace.uploads import Uploads

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registrar


def prepare_demo() -> Path:
    """The demo cohort's folder."""
    with st.spinner("Making the demo hearts, once …"):
        return demo_cohort()


@st.cache_resource(show_spinner=False)
def warm_up(family_name: str) -> threading.Thread:
    """Builds a family's networks in the background while the first page is being read."""

    def build_all() -> None:
        with contextlib.suppress(InputError):  # whoever needs the network will be told
            for checkpoint in paths.find_family(family_name).members.values():
                _build(str(checkpoint.folder), checkpoint.card.weights_sha256)

    thread = threading.Thread(target=build_all, daemon=True)
    thread.start()
    return thread


@st.cache_data(show_spinner=False, ttl=10)
def datasets() -> dict[str, tuple[Path, str]]:
    """Data sets by name → (root, layout); folders put there by hand appear within seconds."""
    return paths.datasets()


@st.cache_data(max_entries=32, show_spinner=False, ttl=10)
def dataset(root: str, layout: str) -> Dataset:
    """A data set's list of subjects."""
    return paths.open_data(root, layout)


def pair(root: str, layout: str, subject: str, checkpoint: Checkpoint) -> RegistrationPair:
    """A subject, preprocessed as the checkpoint demands; read again when one of its files changes."""
    return _pair(root, layout, subject, _written(root, layout, subject), checkpoint.card.weights_sha256, checkpoint)


def pair_digest(root: str, layout: str, subject: str, checkpoint: Checkpoint) -> str:
    """A subject's `RegistrationPair.digest`; its images are read once, and not again in the next session."""
    data = str(database())
    return _digest(data, root, layout, subject, _written(root, layout, subject), checkpoint)


def _written(root: str, layout: str, subject: str) -> tuple[int, ...]:
    """When a subject's files were written."""
    case = dataset(root, layout).case(subject)
    files = (case.moving, case.fixed, case.moving_labels, case.fixed_labels)
    return tuple(path.stat().st_mtime_ns for path in files if path is not None and path.is_file())


@st.cache_resource(max_entries=8, show_spinner=False, scope="session")
def _pair(
    root: str,
    layout: str,
    subject: str,
    written: tuple[int, ...],  # noqa: ARG001 (part of the cache's key)
    weights_sha256: str,  # noqa: ARG001
    _checkpoint: Checkpoint,
) -> RegistrationPair:
    return dataset(root, layout).load(subject, _checkpoint.card.preprocessing, _checkpoint.tissues)


@st.cache_data(max_entries=4096, show_spinner=False, hash_funcs={Checkpoint: lambda of: of.card.weights_sha256})
def _digest(
    data: str,
    root: str,
    layout: str,
    subject: str,
    written: tuple[int, ...],  # noqa: ARG001
    checkpoint: Checkpoint,
) -> str:
    found = dataset(root, layout)
    return PairDigests(Store(Path(data)), found, checkpoint).read(found.case(subject))


def registrar(checkpoint: Checkpoint) -> Registrar:
    """A checkpoint ready to register, one for all sessions."""
    if checkpoint.card.weights_sha256 in _READY:  # without a spinner, which would push what follows aside
        return _build(str(checkpoint.folder), checkpoint.card.weights_sha256)
    with st.spinner("Loading the network, once …"):
        return _build(str(checkpoint.folder), checkpoint.card.weights_sha256)


_BUILDING: dict[str, threading.Lock] = {}
_READY: set[str] = set()


def _build(folder: str, weights_sha256: str) -> Registrar:
    with _BUILDING.setdefault(weights_sha256, threading.Lock()):  # nobody builds what another thread is building
        built = _built(folder, weights_sha256)
        _READY.add(weights_sha256)
        return built


@functools.lru_cache(maxsize=4)
def _built(folder: str, weights_sha256: str) -> Registrar:  # noqa: ARG001 (part of the cache's key)
    from elasreg_core.registration.registrar import Registrar

    built = Registrar(load_checkpoint(Path(folder)))
    _set_aside_what_stays()
    return built


def _set_aside_what_stays() -> None:
    """Takes what is alive, TensorFlow and the networks above all, out of garbage collection.

    Streamlit collects after every run of a script, which went through half a million of these objects each time.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def register(checkpoint: Checkpoint, subject_pair: RegistrationPair, parameters: ParameterField) -> Registration:
    """A registration; repeated ones come from memory."""
    registrar(checkpoint)  # outside of the cache, which would show its spinner again
    return _register(subject_pair.digest, parameters, checkpoint.card.weights_sha256, subject_pair, checkpoint)


@st.cache_resource(max_entries=8, show_spinner=False, scope="session")
def _register(
    pair_digest: str,  # noqa: ARG001
    parameters: ParameterField,
    weights_sha256: str,  # noqa: ARG001
    _pair: RegistrationPair,
    _checkpoint: Checkpoint,
) -> Registration:
    return registrar(_checkpoint).register(_pair, parameters)


#: How the caches tell pairs and registrations apart.
CACHE_KEYS = {
    RegistrationPair: lambda pair: (pair.id, pair.digest, pair.tissues.names),
    Registration: lambda registration: registration.digest,
}


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def scores(subject_pair: RegistrationPair, registration: Registration | None = None) -> Scores:
    """The scores of a registration; without one, of the pair as it is."""
    return score_displacement(subject_pair, None if registration is None else registration.displacement)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def similarity(subject_pair: RegistrationPair, registration: Registration | None = None) -> float:
    """Mean local NCC of the fixed and the warped image; without a registration, of the pair as it is."""
    return float(
        local_ncc(subject_pair.fixed, subject_pair.moving if registration is None else registration.warped).mean()
    )


@st.cache_resource(show_spinner=False, scope="session", on_release=Uploads.close)
def uploads() -> Uploads:
    """The pairs that this session has uploaded; removed when it ends."""
    return Uploads()


def is_uploaded() -> bool:
    """Whether the data at hand are this session's own."""
    return st.session_state.get("data") in uploads().datasets


def database() -> Path:
    """Where searches, jobs and verdicts are kept: in the workspace; of an uploaded pair, with the session."""
    return uploads().store_path if is_uploaded() else paths.store_path()


def store() -> Store:
    """The searches."""
    return Store(database())


def jobs() -> Jobs:
    """The long work."""
    return Jobs(database())


def reviews() -> Reviews:
    """The verdicts."""
    return Reviews(database())


def steps_along(
    checkpoint: Checkpoint,
    subject_pair: RegistrationPair,
    fields: tuple[ParameterField, ...],
) -> tuple[Step, ...]:
    """One parameter's way from 0 to 1 (`identification/one_parameter.py`)."""
    return _along(subject_pair.digest, fields, checkpoint.card.weights_sha256, subject_pair, checkpoint)


@st.cache_resource(max_entries=2, show_spinner=False, scope="session")
def _along(
    pair_digest: str,  # noqa: ARG001
    fields: tuple[ParameterField, ...],
    weights_sha256: str,  # noqa: ARG001
    _pair: RegistrationPair,
    _checkpoint: Checkpoint,
) -> tuple[Step, ...]:
    return along(registrar(_checkpoint).measured, _pair, fields)
