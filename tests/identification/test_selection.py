"""Choosing from a sweep: the best node, and what is said about the choice."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.criteria import CRITERIA
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import (
    PAPER,
    PLATEAU_TOLERANCE,
    Selection,
    best_node,
    choose_parameters,
    chosen_parameters,
)
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS
from tests.builders import node_scores

NAN = float("nan")
GRID = ParameterGrid(((0.0, 0.25, 0.5, 1.0), (0.1, 0.5, 0.9)))
LINE = ParameterGrid(((0.0, 0.25, 0.5, 1.0),))
HD95 = Selection("hd95_mm")


def swept(
    wall: dict,
    pool: dict | None = None,
    metric: str = "dice",
    folding: dict | None = None,
    sd: dict | None = None,
    grid: ParameterGrid = GRID,
    **others: dict,
) -> SubjectSweep:
    """A sweep from {node: value} per tissue, folding and SDlogJ; a node not given is NaN in a tissue, 0 in the rest."""
    tissues = {"wall": wall, "pool": pool or {}, **others}
    undefined = (NAN,) * len(tissues)
    nodes = []
    for node in sorted(set().union(*tissues.values())):
        values = tuple(of.get(node, NAN) for of in tissues.values())
        whole = {"folding": (folding or {}).get(node, 0.0), "sd": (sd or {}).get(node, 0.0)}
        nodes.append(node_scores(node, **{"dice": undefined, metric: values}, **whole))
    return SubjectSweep.from_nodes("s", tuple(tissues), grid, nodes)


def test_each_tissue_takes_its_own_argmax():
    sweep = swept(
        wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.7, (0.0, 0.1): 0.6},
        pool={(0.25, 0.5): 0.3, (0.5, 0.5): 0.4, (0.0, 0.1): 0.2},
    )
    wall, pool = choose_parameters(sweep)
    assert (wall.tissue, wall.node, wall.value) == ("wall", (0.25, 0.5), 0.8)
    assert (pool.tissue, pool.node, pool.value) == ("pool", (0.5, 0.5), 0.4)
    assert not wall.on_edge
    assert wall.ties == 0


def test_the_mean_is_over_the_tissues():
    # means: (0.8 + 0.1) / 2 = 0.45 and (0.6 + 0.5) / 2 = 0.55
    sweep = swept(wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.6}, pool={(0.25, 0.5): 0.1, (0.5, 0.5): 0.5})
    best = best_node(sweep, "mean")
    assert best.node == (0.5, 0.5)
    assert best.value == pytest.approx(0.55)


def test_the_mean_leaves_out_a_class_that_is_absent_everywhere():
    best = best_node(swept(wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.6}), "mean")
    assert (best.node, best.value) == ((0.25, 0.5), 0.8)


def test_a_node_does_not_win_by_losing_a_class():
    """ "pool" has an HD95 at every node but one, where the warp lost it: that node must not be best on the mean."""
    sweep = swept(
        wall={(0.25, 0.5): 3.0, (0.5, 0.5): 3.1, (1.0, 0.9): 3.2},
        pool={(0.25, 0.5): 9.0, (0.5, 0.5): 8.0},
        metric="hd95_mm",
    )
    # means of nodes where both are known: 6.0 and 5.55
    assert best_node(sweep, "mean", HD95).node == (0.5, 0.5)


def test_lower_is_better_for_hd95():
    sweep = swept(wall={(0.25, 0.5): 3.0, (0.5, 0.5): 2.0, (0.0, 0.1): 2.4}, metric="hd95_mm")
    best = best_node(sweep, "wall", HD95)
    assert (best.node, best.value) == ((0.5, 0.5), 2.0)
    # within 0.5 mm of 2.0 lie 2.0 and 2.4, of three
    assert best.plateau_fraction == pytest.approx(2 / 3)


def test_of_ties_the_most_regular_is_taken_and_the_others_counted():
    sweep = swept(wall={(0.0, 0.9): 0.8, (0.25, 0.5): 0.8, (0.5, 0.9): 0.8, (1.0, 0.1): 0.8, (1.0, 0.9): 0.5})
    # λ + μ: 0.9, 0.75, 1.4, 1.1
    best = best_node(sweep, "wall")
    assert (best.node, best.ties) == ((0.5, 0.9), 3)
    assert "3 of them exactly" in best.message


def test_the_plateau_counts_the_nodes_within_the_tolerance():
    sweep = swept(wall={(0.25, 0.1): 0.800, (0.25, 0.5): 0.797, (0.5, 0.1): 0.794, (0.5, 0.5): 0.60, (1.0, 0.9): NAN})
    # default 0.005: 0.800 and 0.797 of the four that have a value
    assert best_node(sweep, "wall").plateau_fraction == pytest.approx(2 / 4)
    assert best_node(sweep, "wall", Selection(tolerance=0.01)).plateau_fraction == pytest.approx(3 / 4)
    assert best_node(sweep, "wall", Selection(tolerance=1)).plateau_fraction == 1


def test_undefined_values_never_win():
    best = best_node(swept(wall={(0.25, 0.5): NAN, (0.5, 0.5): 0.1}), "wall")
    assert (best.node, best.value, best.plateau_fraction) == ((0.5, 0.5), 0.1, 1.0)


def test_an_absent_class_has_no_optimum_and_says_so():
    best = best_node(swept(wall={(0.25, 0.5): 0.8}), "pool")
    assert best.node is None
    assert best.message.startswith("pool: no optimum, because the class is absent from one of the label maps;")
    assert best.message.endswith("it is registered with the node that is best on the mean of the others.")


def test_an_optimum_on_the_edge_is_flagged():
    best = best_node(swept(wall={(0.0, 0.5): 0.8, (0.25, 0.5): 0.7}), "wall")
    assert best.on_edge
    assert best.message == "wall: λ = 0, μ = 0.5 with Dice 0.800; 50% of 2 nodes are as good; on the edge of the grid."


def test_the_message_carries_the_unit():
    best = best_node(swept(wall={(0.25, 0.5): 2.0}, metric="hd95_mm"), "wall", HD95)
    assert best.message == "wall: λ = 0.25, μ = 0.5 with HD95 2.000 mm; 100% of 1 nodes are as good."


def test_an_unvisited_sweep_has_no_optimum():
    assert best_node(swept({}), "wall").node is None
    assert best_node(swept({}), "mean").node is None


def test_an_unknown_criterion_or_rule_is_refused():
    with pytest.raises(InputError, match="no such criterion. Expected: dice or hd95_mm or .*tre_mm. Received: folding"):
        Selection("folding")
    with pytest.raises(InputError, match="no such rule. Expected: argmax or most_regular. Received: median"):
        Selection(rule="median")


def test_every_criterion_has_a_tolerance():
    assert set(PLATEAU_TOLERANCE) == set(CRITERIA)
    assert (PAPER.criterion, PAPER.rule, PAPER.margin) == ("dice", "argmax", 0.005)


# From optima to parameters --------------------------------------------------------------------------------------------

# wall is best at (.25, .5), bone at (.5, .5); the mean of both is best at (1, .9): (.8 + .8) / 2 against (.9 + .1) / 2
APART = {
    "wall": {(0.25, 0.5): 0.9, (0.5, 0.5): 0.1, (1.0, 0.9): 0.8},
    "bone": {(0.25, 0.5): 0.1, (0.5, 0.5): 0.9, (1.0, 0.9): 0.8},
}


def test_the_field_takes_each_tissues_node_and_the_fallback_for_the_rest():
    field = chosen_parameters(swept(**APART), MODELS["elas-sas"], background=(0.0, 0.1))
    assert field.nodes == ((0.0, 0.1), (0.25, 0.5), (1.0, 0.9), (0.5, 0.5))  # background, wall, pool, bone


def test_a_global_model_takes_the_best_mean_everywhere():
    field = chosen_parameters(swept(**APART), MODELS["elas-g"], background=(0.0, 0.1))
    assert field.nodes == ((1.0, 0.9),) * 4


def test_the_models_of_diffusion_choose_from_a_sweep_of_one_parameter():
    wall, bone = ({(node[0],): value for node, value in of.items()} for of in APART.values())
    sweep = swept(wall, bone=bone, grid=LINE)
    assert chosen_parameters(sweep, MODELS["diff-sas"], (0.0,)).nodes == ((0.0,), (0.25,), (1.0,), (0.5,))
    assert chosen_parameters(sweep, MODELS["diff-g"], (0.0,)).nodes == ((1.0,),) * 4
    best = best_node(sweep, "wall")
    assert best.message == "wall: λ = 0.25 with Dice 0.900; 33% of 3 nodes are as good."
    assert best_node(sweep, "mean").on_edge


def test_without_any_optimum_there_is_no_field():
    for model in ("elas-g", "elas-sas"):
        with pytest.raises(
            InputError,
            match="No tissue has an optimum. Expected: Dice .*moving and fixed labels without a common class",
        ):
            chosen_parameters(swept({(0.25, 0.5): NAN}), MODELS[model], (0.0, 0.0))


def test_the_plateau_follows_the_tolerance_that_was_asked_for():
    scores = {(0.25, 0.5): 0.80, (0.5, 0.5): 0.77, (0.0, 0.1): 0.60}
    narrow, wide = (best_node(swept(wall=scores), "wall", Selection(tolerance=margin)) for margin in (0.005, 0.05))
    assert narrow.plateau == ((0.25, 0.5),)
    assert set(wide.plateau) == {(0.25, 0.5), (0.5, 0.5)}
    assert wide.plateau_fraction == 2 / 3


# Other rules, caps, other criteria ------------------------------------------------------------------------------------

REGULAR = Selection(rule="most_regular")
NEARLY = {(0.25, 0.1): 0.800, (0.25, 0.5): 0.797, (0.5, 0.1): 0.796, (0.5, 0.5): 0.790}
FOLDING = {(0.25, 0.1): 2.0, (0.25, 0.5): 0.5, (0.5, 0.1): 0.5, (0.5, 0.5): 0.0}


def test_the_most_regular_of_the_nearly_best_folds_least():
    sweep = swept(wall=NEARLY, folding=FOLDING)
    assert best_node(sweep, "wall").node == (0.25, 0.1)
    # within .005 of .800 lie .797 and .796, which both fold 0.5 %: λ + μ is .75 there, .6 here
    best = best_node(sweep, "wall", REGULAR)
    assert (best.node, best.value, best.plateau_fraction, best.ties) == ((0.25, 0.5), 0.797, 3 / 4, 0)
    # a wider plateau takes in (.5, .5), which does not fold
    wide = Selection(rule="most_regular", tolerance=0.02)
    assert best_node(sweep, "wall", wide).node == (0.5, 0.5)


def test_where_nothing_folds_the_most_regular_is_the_stiffest_of_the_plateau():
    # λ + μ: .35, .75, .6 within the tolerance
    assert best_node(swept(wall=NEARLY), "wall", REGULAR).node == (0.25, 0.5)
    stiffer = swept(wall={(1.0, 0.1): 0.80, (0.25, 0.9): 0.80, (0.5, 0.9): 0.797, (1.0, 0.9): 0.7})
    assert best_node(stiffer, "wall").node == (0.25, 0.9)  # 1.15 beats 1.1; a plain argmax ends there
    assert best_node(stiffer, "wall", REGULAR).node == (0.5, 0.9)  # 1.4


def test_the_most_regular_is_found_for_distances_and_for_the_mean_too():
    values = {(0.25, 0.5): 3.0, (0.5, 0.5): 3.4, (1.0, 0.9): 3.6}
    sweep = swept(wall=values, pool=values, metric="hd95_mm", folding={(0.25, 0.5): 1.0})
    for tissue in ("wall", "mean"):  # within 0.5 mm of 3.0: 3.4, not 3.6
        assert best_node(sweep, tissue, Selection("hd95_mm", "most_regular")).node == (0.5, 0.5)


def test_nodes_that_fold_too_much_do_not_count():
    sweep = swept(wall=NEARLY, folding=FOLDING)
    best = best_node(sweep, "wall", Selection(max_folding_percent=0.5))  # as much is allowed, more is not
    assert (best.node, best.n_scored) == ((0.25, 0.5), 3)
    assert (0.25, 0.1) not in best.plateau
    assert best_node(sweep, "wall", Selection(max_folding_percent=0.4)).node == (0.5, 0.5)
    assert best_node(sweep, "mean", Selection(max_folding_percent=0.4)).node == (0.5, 0.5)


def test_nodes_whose_motion_is_too_irregular_do_not_count():
    sd = {(0.25, 0.1): 0.3, (0.25, 0.5): NAN, (0.5, 0.1): 0.2, (0.5, 0.5): 0.1}  # NaN: everything folds
    best = best_node(swept(wall=NEARLY, sd=sd), "wall", Selection(max_sd_log_jacobian=0.2))
    assert (best.node, best.n_scored) == ((0.5, 0.1), 2)
    both = Selection(max_folding_percent=0.4, max_sd_log_jacobian=0.2)
    assert best_node(swept(wall=NEARLY, sd=sd, folding=FOLDING), "wall", both).node == (0.5, 0.5)


def test_where_no_node_is_allowed_there_is_no_optimum():
    sweep = swept(wall=NEARLY, folding=dict.fromkeys(NEARLY, 2.0))
    capped = Selection(max_folding_percent=1.0)
    best = best_node(sweep, "wall", capped)
    assert (best.node, best.n_scored) == (None, 0)
    assert "or every node folds or bends more than allowed" in best.message
    with pytest.raises(InputError, match="No tissue has an optimum"):
        chosen_parameters(sweep, MODELS["elas-sas"], (0.0, 0.0), capped)


def test_a_label_free_criterion_needs_no_dice():
    sweep = swept(wall={(0.25, 0.5): 0.31, (0.5, 0.5): 0.40}, pool={(0.25, 0.5): 0.8, (0.5, 0.5): 0.7}, metric="ncc")
    by_image = Selection("ncc")
    assert [optimum.node for optimum in choose_parameters(sweep, by_image)] == [(0.5, 0.5), (0.25, 0.5)]
    assert best_node(sweep, "mean", by_image).value == pytest.approx((0.31 + 0.8) / 2)
    assert best_node(sweep, "wall").node is None
    assert (by_image.is_oracle, by_image.honesty) == (False, "without labels of the moving image")


@pytest.mark.parametrize("criterion", [name for name in CRITERIA if name != "ncc"])
def test_what_looks_at_labels_landmarks_or_the_truth_is_an_oracle(criterion):
    assert Selection(criterion).is_oracle
    assert "an oracle" in Selection(criterion).honesty


def test_landmarks_choose_the_same_node_for_every_tissue():
    nodes = [node_scores((0.25, 0.5), (0.9, 0.1), tre=3.0), node_scores((0.5, 0.5), (0.1, 0.9), tre=2.0)]
    sweep = SubjectSweep.from_nodes("s", ("wall", "pool"), GRID, nodes)
    best = choose_parameters(sweep, Selection("tre_mm"))
    assert [(optimum.node, optimum.value) for optimum in best] == [((0.5, 0.5), 2.0)] * 2
    assert best[0].message == "wall: λ = 0.5, μ = 0.5 with TRE 2.000 mm; 50% of 2 nodes are as good."


def test_a_criterion_that_was_not_scored_is_named():
    best = best_node(swept(wall={(0.25, 0.5): 0.8}), "wall", Selection("displacement_error_vox"))
    assert best.node is None
    assert "because Displacement error is defined at no node" in best.message


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        (PAPER, "the best Dice"),
        (REGULAR, "the most regular within 0.005 of the best Dice"),
        (Selection("hd95_mm", "most_regular", 1.5), "the most regular within 1.5 of the best HD95"),
        (Selection("ncc", max_folding_percent=0.5), "the best Local NCC, folding at most 0.5 %"),
        (Selection(max_sd_log_jacobian=0.2), "the best Dice, SDlogJ at most 0.2"),
    ],
)
def test_a_selection_says_what_it_does(selection, sentence):
    assert selection.sentence == sentence


@pytest.mark.parametrize("limit", ["tolerance", "max_folding_percent", "max_sd_log_jacobian"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_limit_is_finite_and_not_negative(limit, value):
    with pytest.raises(InputError, match=f"{limit} must be finite and not negative. Received: {value}"):
        Selection(**{limit: value})


def test_a_motion_is_allowed_within_all_caps():
    capped = Selection(max_folding_percent=0.5, max_sd_log_jacobian=0.2)
    assert capped.allows(0.5, 0.2)
    assert not capped.allows(0.6, 0.1)
    assert not capped.allows(0.1, 0.3)
    assert Selection().allows(100.0, 9.0)
