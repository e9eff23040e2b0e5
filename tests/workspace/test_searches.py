"""A search that is stopped, resumed and extended, with a made-up network."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection, best_node
from elasreg_core.physics.parameters import DIFFUSION
from elasreg_core.registration.measured import measure_displacement
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.searches import SubjectSearch, search_subject
from elasreg_core.workspace.store import Store
from tests.builders import block, make_checkpoint, make_pair, shift

GRID = ParameterGrid(((0.0, 0.5, 1.0), (0.25, 0.75)))
NEVER = (0.5, 0.75)


class Network:
    """u = (4 λ, 0), counting its calls; at λ = ½ it aligns `make_pair`."""

    calls = 0

    def __call__(self, pair, nodes):
        for parameters in nodes:
            self.calls += 1
            yield measure_displacement(pair, shift(pair, 4 * parameters.nodes[0][0], 0))


@pytest.fixture
def open_search(tmp_path):
    """Opens the same search anew, as a new process would."""
    checkpoint = make_checkpoint(tmp_path / "fam" / "elas-g", preprocessing=Preprocessing((12, 9), 1.5, 2))

    def search(pair=None, grid=GRID, criterion="dice", checkpoint=checkpoint, adaptive=False, also=()):
        pair = make_pair(spacing_mm=(1.5, 1.5)) if pair is None else pair
        return SubjectSearch(Store(tmp_path / "elasreg.sqlite"), checkpoint, pair, grid, criterion, adaptive, also)

    return search


def test_a_search_says_how_it_was_made(open_search):
    search = open_search(also=("hd95_mm",))
    said = json.loads(search.how_made())
    assert said["pair"] == search.pair.digest
    assert said["checkpoint"] == {"name": "fam/elas-g", "weights_sha256": search.checkpoint.card.weights_sha256}
    assert said["grid"] == {"lambda": [0, 0.5, 1], "mu": [0.25, 0.75]}
    assert (said["criterion"], said["adaptive"], said["metrics"]) == ("dice", False, ["hd95_mm"])


def test_a_stopped_search_goes_on_where_it_was(open_search):
    before, after = Network(), Network()
    running = open_search().run(before)
    assert [next(running) for _ in range(4)] == [1, 2, 3, 4]
    running.close()
    assert before.calls == 4

    resumed = open_search()
    assert (resumed.n_done, resumed.is_complete) == (4, False)
    assert list(resumed.run(after)) == [5, 6]
    assert after.calls == 2
    assert resumed.is_complete
    # the result is that of a search made in one go, in grid order
    table = resumed.result().table
    assert list(zip(table["lambda"][::2], table["mu"][::2], strict=True)) == list(GRID.nodes)
    assert table["dice"].to_numpy() == pytest.approx([0.5] * 4 + [1.0] * 4 + [0.5] * 4)


def test_a_network_that_fails_loses_no_node(open_search):
    good = Network()

    def failing(pair, nodes):
        for parameters in nodes:
            if parameters.nodes[0] == NEVER:
                raise RuntimeError("out of memory")
            yield from good(pair, [parameters])

    with pytest.raises(RuntimeError, match="out of memory"):
        list(open_search().run(failing))
    assert open_search().n_done == GRID.nodes.index(NEVER)


def test_a_complete_search_calls_no_network(open_search):
    list(open_search().run(Network()))
    again = open_search()
    assert again.is_complete
    assert list(again.run(lambda *_: pytest.fail("called"))) == []
    assert best_node(again.result(), "wall").node == (0.5, 0.75)


def test_a_finer_grid_takes_over_the_nodes_it_shares(open_search):
    list(open_search().run(Network()))
    finer = ParameterGrid(((0.25, 0.5, 0.75), (0.25, 0.5, 0.75)))
    search = open_search(grid=finer)
    assert search.n_done == 2  # (0.5, 0.25) and (0.5, 0.75)
    network = Network()
    list(search.run(network))
    assert network.calls == 7
    assert len(search.result().table) == 9 * 2  # nothing of the coarser grid


def test_an_absent_class_stays_undefined_through_the_store(open_search):
    pair = make_pair(spacing_mm=(1.5, 1.5), moving_labels=block((12, 9), slice(4, 8), slice(1, 4), 1))
    list(open_search(pair).run(Network()))
    result = open_search(pair).result()
    assert result.is_complete
    assert np.isnan(result.surface("pool").to_numpy()).all()
    assert best_node(result, "pool").node is None
    assert best_node(result, "mean").value == pytest.approx(1)


def test_asking_for_hd95_scores_again_what_was_scored_without(open_search):
    list(open_search().run(Network()))
    network = Network()
    search = open_search(criterion="hd95_mm")
    assert search.n_done == 0
    list(search.run(network))
    assert network.calls == 6
    # at λ = 0 the blocks lie 2 rows of 1.5 mm apart
    assert search.result().surface("wall", "hd95_mm").loc[0.25].tolist() == pytest.approx([3, 0, 3])
    # scores with HD95 serve those who do not ask for it
    assert open_search(criterion="dice").is_complete


def test_what_is_asked_for_beside_the_criterion_is_scored_too(open_search):
    list(open_search(also=("ncc", "hd95_mm")).run(Network()))
    for criterion in ("dice", "ncc", "hd95_mm"):
        assert open_search(criterion=criterion).is_complete
    table = open_search(also=("ncc",)).result().table
    assert table[["dice", "ncc", "hd95_mm"]].notna().all(axis=None)
    assert open_search(criterion="displacement_error_vox").n_done == 0


def test_landmarks_are_scored_in_every_search(open_search):
    points = Keypoints(np.array([[4.0, 3.0]]), np.array([[6.0, 3.0]]))  # met at λ = ½
    pair = make_pair(spacing_mm=(1.5, 1.5), keypoints=points)
    list(open_search(pair).run(Network()))
    search = open_search(pair, criterion="tre_mm")
    assert search.is_complete
    assert best_node(search.result(), "wall", Selection("tre_mm")).node == (0.5, 0.75)


def test_a_label_free_search_needs_no_moving_labels(open_search):
    pair = make_pair(spacing_mm=(1.5, 1.5), moving_labels=None)
    search = open_search(pair, criterion="ncc")
    list(search.run(Network()))
    table = search.result().table
    assert table["ncc"].notna().all()
    assert table["dice"].isna().all()


def test_a_search_with_a_diffusion_network_is_one_over_a_single_parameter(open_search, tmp_path):
    # the 3² values are eighths; at ½ the blocks meet
    checkpoint = make_checkpoint(tmp_path / "fam" / "diff-g", preprocessing=Preprocessing((12, 9), 1.5, 2))
    grid = ParameterGrid.regular(3, DIFFUSION)
    running = open_search(grid=grid, checkpoint=checkpoint).run(Network())
    assert [next(running) for _ in range(3)] == [1, 2, 3]
    running.close()
    search = open_search(grid=grid, checkpoint=checkpoint)
    assert search.n_known == 3
    list(search.run(Network()))
    assert best_node(search.result(), "wall").node == (0.5,)
    assert search.result().table["mu"].isna().all()


def test_another_pair_is_another_search(open_search):
    list(open_search().run(Network()))
    moved = make_pair(spacing_mm=(1.5, 1.5), fixed_labels=make_pair().moving_labels)
    assert open_search(moved).n_done == 0


def test_the_same_pair_under_another_name_is_the_same_search(open_search):
    list(open_search().run(Network()))
    renamed = open_search(make_pair(spacing_mm=(1.5, 1.5), id="copy"))
    assert renamed.is_complete
    assert set(renamed.result().table["subject"]) == {"copy"}


def test_an_adaptive_checkpoint_cannot_be_searched(open_search, tmp_path):
    with pytest.raises(InputError, match=r"fam/elas-sas cannot be searched.*Expected: a global checkpoint \(elas-g\)"):
        open_search(checkpoint=make_checkpoint(tmp_path / "fam" / "elas-sas"))
    with pytest.raises(InputError, match=r"fam/diff-sas cannot be.*Expected: a global checkpoint \(diff-g\)"):
        open_search(checkpoint=make_checkpoint(tmp_path / "fam" / "diff-sas"))


def test_a_pair_that_does_not_fit_is_refused_before_anything_is_computed(open_search):
    with pytest.raises(InputError, match="trained for other tissues"):
        open_search(make_pair(spacing_mm=(1.5, 1.5), tissues=TissueTable(("lung", "bone"))))
    with pytest.raises(InputError, match="at another voxel size"):
        open_search(make_pair())


@pytest.mark.parametrize(
    ("criterion", "side"), [("dice", "moving"), ("dice", "fixed"), ("tre_mm", "moving"), ("ncc", "fixed")]
)
def test_a_pair_without_labels_is_refused_before_anything_is_noted(tmp_path, criterion, side):
    store = Store(tmp_path / "elasreg.sqlite")
    checkpoint = make_checkpoint(tmp_path / "family" / "elas-g")
    pair = make_pair(**{f"{side}_labels": None})
    with pytest.raises(InputError, match=f"subject cannot be searched.*Received: no {side} labels. Cure: Segment"):
        SubjectSearch(store, checkpoint, pair, ParameterGrid.regular(3), criterion)
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM searches").fetchone() == (0,)


def test_a_search_is_noted_when_it_begins_to_register(open_search, tmp_path):
    store = Store(tmp_path / "elasreg.sqlite")
    search = open_search()
    assert store.searches() == []
    next(search.run(Network()))
    assert [(s.subject, s.checkpoint, s.nodes) for s in store.searches()] == [("subject", "fam/elas-g", 1)]


def test_an_adaptive_search_visits_what_the_choice_needs_and_resumes(open_search):
    grid = ParameterGrid.regular(11)
    network = Network()
    search = open_search(grid=grid, adaptive=True)
    running = search.run(network)
    next(running)
    running.close()
    again = open_search(grid=grid, adaptive=True)
    assert (again.n_done, again.is_complete) == (1, False)
    list(again.run(network))
    assert again.is_complete
    assert network.calls == again.n_done < 0.5 * len(grid.nodes)
    assert best_node(again.result(), "wall").value == 1
    # the full grid goes on from there
    full = open_search(grid=grid)
    assert (full.n_known, full.is_complete) == (again.n_done, False)


class Registrar:
    """A checkpoint with a made-up network."""

    def __init__(self, checkpoint):
        self.checkpoint, self.network = checkpoint, Network()

    def measured(self, pair, nodes):
        return self.network(pair, nodes)


class Reporter:
    """Keeps what it hears."""

    def __init__(self):
        self.phases, self.done = [], []

    def phase(self, title, total):
        self.phases.append((title, total))
        return self.done.append


@pytest.mark.parametrize(
    ("model", "sampling", "n_nodes"),
    [("elas-g", "uniform", 8), ("elas-g", "simplex", 5), ("diff-g", "uniform", 8)],  # 3 × 3 or 3², without 0
)
def test_a_subject_is_searched_over_its_checkpoints_grid_and_kept_in_the_workspace(tmp_path, model, sampling, n_nodes):
    settings = Preprocessing((12, 9), 1.5, 2)
    checkpoint = make_checkpoint(tmp_path / "fam" / model, preprocessing=settings, sampling=sampling)
    registrar, heard = Registrar(checkpoint), Reporter()
    pair = make_pair(spacing_mm=(1.5, 1.5))
    search = search_subject(registrar, pair, 3, heard)
    assert (search.is_complete, search.n_done, registrar.network.calls) == (True, n_nodes, n_nodes)
    assert heard.phases == [(f"searching subject with {model}", n_nodes)]
    assert heard.done == [0, *range(1, n_nodes + 1), n_nodes]
    assert [s.nodes for s in Store(store_path()).searches()] == [n_nodes]
    again = Registrar(checkpoint)
    assert search_subject(again, pair, 3, Reporter()).n_known == n_nodes
    assert again.network.calls == 0
