"""Phantoms whose motion is solved from known stiffness, written in the layouts of the real data sets."""

from elasreg_core.data.phantoms.cohort import PHANTOMS, Cohort, write_cohort

__all__ = ["PHANTOMS", "Cohort", "write_cohort"]
