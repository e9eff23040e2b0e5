"""What several ways of choosing choose for a whole cohort, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
import pandas as pd

from elasreg_core.identification.selection import RULES, Selection, best_node, criterion_by_node, node_values
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.physics.parameters import ELASTIC

NO_GROUP = "no group"
#: What a choice costs or gains beside its own criterion, read at the chosen node.
AT_NODE = ("dice", "neg_jacobian_percent", "sd_log_jacobian")
CHOICE_COLUMNS = (
    *("choice", "subject", "group", "tissue", *ELASTIC.parameters, "value"),
    *("plateau", "nodes", "on_edge", "ties", *AT_NODE),
)


def choice_name(selection: Selection) -> str:
    """A choice in a word or two, e.g. "dice, argmax"."""
    return f"{selection.criterion}, {selection.rule}"


def possible_choices(criteria: Iterable[str]) -> dict[str, Selection]:
    """Every rule with every criterion, by name; the paper's way first.

    Example:
        >>> list(possible_choices(["dice"]))
        ['dice, argmax', 'dice, most_regular']
    """
    selections = (Selection(criterion, rule) for criterion, rule in product(criteria, RULES))
    return {choice_name(selection): selection for selection in selections}


def choices_table(
    sweeps: Mapping[str, SubjectSweep], selection: Selection, groups: Mapping[str, str | None] | None = None
) -> pd.DataFrame:
    """What is chosen for every subject and tissue: one row each, in label order.

    Args:
        sweeps: subject → sweep that the choice can be made from.
        selection: how to choose.
        groups: subject → group, such as a diagnosis, where there are some.

    Returns:
        CHOICE_COLUMNS: the parameters (NaN where there is no optimum), the criterion's `value`, the `plateau`'s share
        of the scored `nodes`, `on_edge` of the grid, the number of `ties`; and what else the chosen node brings.
    """
    rows: list[dict[str, object]] = []
    for subject, sweep in sweeps.items():
        whole = {metric: node_values(sweep, metric) for metric in AT_NODE if metric != "dice"}
        for tissue in sweep.tissues:
            optimum = best_node(sweep, tissue, selection)
            row: dict[str, object] = {"choice": choice_name(selection), "subject": subject, "tissue": tissue}
            row["group"] = (groups or {}).get(subject) or NO_GROUP
            if optimum.node is not None:
                row |= dict(zip(ELASTIC.parameters, optimum.node, strict=False))
                row |= {"value": optimum.value, "plateau": optimum.plateau_fraction, "nodes": optimum.n_scored}
                row |= {"on_edge": optimum.on_edge, "ties": optimum.ties}
                row |= {metric: values[optimum.node] for metric, values in whole.items()}
                row["dice"] = criterion_by_node(sweep, tissue).get(optimum.node)
            rows.append(row)
    table = pd.DataFrame(rows, columns=list(CHOICE_COLUMNS))
    numbers = [*ELASTIC.parameters, "value", "plateau", *AT_NODE]
    return table.astype(dict.fromkeys(numbers, float))


def choices_summary(choices: pd.DataFrame) -> pd.DataFrame:
    """The cohort in a row per choice and tissue.

    Args:
        choices: of `choices_table`, of one choice or of several, one below the other.

    Returns:
        `choice, tissue, subjects` (with an optimum); the median of each parameter and its quartiles (`… low`,
        `… high`); the mean `plateau`, and the means of AT_NODE; the shares `on_edge` and `as_first`: how many subjects
        take the same node as under the first choice, of those that have an optimum under both.
    """
    known = choices[choices["lambda"].notna()]
    first = choices["choice"].iloc[0] if len(choices) else None
    nodes_of_first = _nodes(known[known["choice"] == first])
    rows = []
    for (choice, tissue), of in known.groupby(["choice", "tissue"], sort=False):
        row: dict[str, object] = {"choice": choice, "tissue": tissue, "subjects": len(of)}
        for name in ELASTIC.parameters:
            for suffix, level in (("", 0.5), (" low", 0.25), (" high", 0.75)):
                row[name + suffix] = of[name].quantile(level)
        row |= {name: of[name].mean() for name in ("plateau", *AT_NODE)}
        row["on_edge"] = of["on_edge"].astype(float).mean()
        nodes = _nodes(of)
        common = nodes.index.intersection(nodes_of_first.index)
        same = [nodes[key] == nodes_of_first[key] for key in common]
        row["as_first"] = float(np.mean(same)) if same else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def _nodes(choices: pd.DataFrame) -> pd.Series:
    """(subject, tissue) → chosen node, diffusion's with μ = −1."""
    nodes = zip(choices["lambda"], choices["mu"].fillna(-1.0), strict=True)
    index = pd.MultiIndex.from_frame(choices[["subject", "tissue"]])
    return pd.Series(list(nodes), index=index, dtype=object)
