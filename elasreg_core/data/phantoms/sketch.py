"""A heart in a few strokes, for lessons: a ring with a crescent beside it, without a symmetry to hide a motion in."""

from __future__ import annotations

import numpy as np

from elasreg_core.physics.fields import FloatArray

SHAPE = (48, 36)


def heart_sketch() -> FloatArray:
    """Grey values in [0, 1], shape `SHAPE`: bright pools, a grey wall, a dark surround with a bright rib above."""
    x, y = np.indices(SHAPE, dtype=float)
    radius = np.hypot(x - 28, y - 17)  # of the ring's middle
    beside = np.hypot(x - 18, y - 18)
    image = np.full(SHAPE, 0.12)
    image[(beside < 9.5) & (radius > 10)] = 0.8  # the crescent
    image[radius <= 10] = 0.42  # the wall
    image[radius <= 5.5] = 0.95  # its pool
    image[(np.abs(y - 31) < 1.6) & (x > 8) & (x < 34)] = 0.65
    return image
