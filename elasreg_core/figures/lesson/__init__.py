"""The pictures of the lesson: one module per step."""

from elasreg_core.figures.lesson.block import block_figure
from elasreg_core.figures.lesson.choice import choices_figure
from elasreg_core.figures.lesson.energy import energy_figure, moved_square
from elasreg_core.figures.lesson.field import moving_figure, warped_figure
from elasreg_core.figures.lesson.kernels import changes_figure, kernels_figure

__all__ = [
    "block_figure",
    "changes_figure",
    "choices_figure",
    "energy_figure",
    "kernels_figure",
    "moved_square",
    "moving_figure",
    "warped_figure",
]
