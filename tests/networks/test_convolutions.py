"""However a convolution is made, its numbers are those of the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.networks.convolutions import convolve, convolve_many, convolve_upsampled, phase_kernels
from elasreg_core.networks.voxelmorph_tf import keras, tf


def normal(*shape):
    return tf.constant(np.random.default_rng(len(shape)).normal(size=shape).astype("f4"))


def kernel_and_bias(dim, n_in, n_out):
    return normal(*(3,) * dim, n_in, n_out), normal(n_out)


def plain(features, kernel, bias):
    return tf.nn.relu(tf.nn.convolution(features, kernel, padding="SAME") + bias)


@pytest.mark.parametrize("sides", [(6, 10), (4, 6, 10), (2, 2), (96, 90)])
def test_on_the_way_up_it_equals_upsampling_joining_and_convolving(sides):
    coarse, skip = normal(1, *(side // 2 for side in sides), 5), normal(1, *sides, 3)
    kernel, bias = kernel_and_bias(len(sides), 8, 4)
    kernels = phase_kernels(kernel[..., :5, :].numpy(), len(sides)), kernel[..., 5:, :]
    upsample = {2: keras.layers.UpSampling2D, 3: keras.layers.UpSampling3D}[len(sides)]()
    expected = plain(tf.concat([upsample(coarse), skip], axis=-1), kernel, bias)
    np.testing.assert_allclose(
        convolve_upsampled(coarse, skip, *kernels, bias, tf.nn.relu), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("sides", [(5, 9), (4, 3, 7)])
@pytest.mark.parametrize(("n_in", "n_out"), [(2, 16), (16, 2), (1, 1), (5, 6)])  # of few, to few, both, neither
def test_of_few_features_or_to_few_it_equals_the_plain_one(sides, n_in, n_out):
    features, weights = normal(2, *sides, n_in), kernel_and_bias(len(sides), n_in, n_out)
    expected = plain(features, *weights)
    np.testing.assert_allclose(convolve(features, *weights, tf.nn.relu), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(convolve_many(features)(*weights, tf.nn.relu), expected, rtol=1e-5, atol=1e-5)
