"""A pair's digest, keypoints that do not fit it, and labels that it lacks."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.errors import InputError
from tests.builders import make_pair

POINTS = Keypoints(np.array([[4.0, 3.0]]), np.array([[6.0, 3.0]]))


def test_the_digest_of_a_pair_without_keypoints_is_what_it_was_before_there_were_any():
    pair = make_pair(moving_labels=None)
    image, labels, affine = ((12, 9), pair.moving, pair.fixed), pair.fixed_labels, pair.affine
    shape = repr(image[0]).encode()
    content = shape + image[1].tobytes() + shape + image[2].tobytes() + b"none" + shape + labels.tobytes()
    assert pair.digest == hashlib.sha256(content + b"(4, 4)" + affine.tobytes()).hexdigest()


def test_the_digest_knows_the_keypoints_of_both_images():
    others = [
        None,
        POINTS,
        Keypoints(POINTS.fixed_vox + 1, POINTS.moving_vox),
        Keypoints(POINTS.fixed_vox, POINTS.moving_vox + 1),
    ]
    assert len({make_pair(keypoints=points).digest for points in others}) == 4


@pytest.mark.parametrize(
    ("fixed", "moving", "received"),
    [
        ((5, 3), (5, 3), r"\(5, 3\) and \(5, 3\)"),
        ((5, 2), (4, 2), r"\(5, 2\) and \(4, 2\)"),
        ((2,), (2,), r"\(2,\) and \(2,\)"),
    ],
)
def test_keypoints_fit_the_images(fixed, moving, received):
    with pytest.raises(InputError, match=rf"subject: the keypoints do not fit.*\(N, 2\). Received: {received}"):
        make_pair(keypoints=Keypoints(np.ones(fixed), np.ones(moving)))


def test_a_pair_gives_the_labels_that_it_has_and_names_those_it_lacks():
    pair = make_pair()
    assert pair.require_fixed_labels() is pair.fixed_labels
    assert all(
        one is other for one, other in zip(pair.require_labels(), (pair.moving_labels, pair.fixed_labels), strict=True)
    )
    half = make_pair(moving_labels=None)
    assert half.require_fixed_labels() is half.fixed_labels
    with pytest.raises(InputError, match="subject cannot be searched.*Received: no moving labels. Cure: Segment"):
        half.require_labels()
    for ask in (make_pair(fixed_labels=None).require_labels, make_pair(fixed_labels=None).require_fixed_labels):
        with pytest.raises(InputError, match="subject cannot be searched.*Received: no fixed labels. Cure: Segment"):
            ask()
