"""The sketch of a heart shows every motion: turning or flipping it changes it."""

from __future__ import annotations

import numpy as np

from elasreg_core.data.phantoms.sketch import SHAPE, heart_sketch


def test_it_is_an_image_without_a_symmetry():
    image = heart_sketch()
    assert image.shape == SHAPE
    assert 0 <= image.min() < image.max() <= 1
    for changed in (image[::-1], image[:, ::-1], image[::-1, ::-1]):
        assert np.mean(changed != image) > 0.1
