"""Parameters for a subject whose own labels are not looked at: those that suit other subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from elasreg_core.errors import InputError
from elasreg_core.identification.sweep import COLUMNS, SubjectSweep
from elasreg_core.physics.parameters import ELASTIC

COHORT = "cohort"


def mean_sweep(sweeps: Sequence[SubjectSweep]) -> SubjectSweep:
    """The mean over subjects at every node: to choose from as from one subject's sweep.

    A subject that lacks a tissue (undefined at every node) is left out of that tissue's means. Where a value is
    undefined at some nodes only, because the warp made the tissue vanish, so is the mean: no node wins by losing one.

    Args:
        sweeps: of one grid, every node visited.

    Raises:
        InputError: there are none, or they are not whole sweeps of one grid.
    """
    if not sweeps:
        raise InputError("A choice by the cohort needs other subjects.", received="one subject alone")
    first = sweeps[0]
    for sweep in sweeps:
        if sweep.grid != first.grid or not sweep.is_complete:
            raise InputError(
                f"The sweep of {sweep.subject} cannot be averaged with the others.",
                expected="every node of one grid",
                received=f"{sweep.n_visited} of {len(sweep.grid.nodes)} nodes",
                cure="Search the whole grid (without --adaptive)",
            )
    rows = pd.concat([sweep.table for sweep in sweeps])
    keys = ["tissue", *ELASTIC.parameters]
    metrics = [name for name in COLUMNS if name not in ("subject", *keys)]
    has_any = rows.groupby(["subject", "tissue"])[metrics].transform("count") > 0
    vanished = (rows[metrics].isna() & has_any).assign(**rows[keys])
    means = rows.groupby(keys, sort=False, dropna=False)[metrics].mean()
    means = means.mask(vanished.groupby(keys, sort=False, dropna=False)[metrics].any())
    table = means.reset_index().assign(subject=COHORT).reindex(columns=list(COLUMNS))
    return SubjectSweep(COHORT, first.tissues, first.grid, table)


def leave_one_out(sweeps: Mapping[str, SubjectSweep]) -> dict[str, SubjectSweep]:
    """For every subject the mean over all others.

    Raises:
        InputError: see `mean_sweep`.
    """
    return {subject: mean_sweep([sweep for other, sweep in sweeps.items() if other != subject]) for subject in sweeps}
