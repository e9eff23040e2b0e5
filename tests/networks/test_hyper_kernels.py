"""Kernels made in NumPy: the same as TensorFlow's, by the same names, in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.hyper_kernels import HyperKernels
from elasreg_core.networks.plain_network import PlainNetwork, weight_shapes
from tests.builders import make_checkpoint


@pytest.mark.parametrize(
    "architecture", [Architecture(), Architecture(encoder=(4, 4), decoder=(4, 4)), Architecture(decoder=(8,) * 5)]
)
def test_layers_are_those_of_the_network_in_its_order(architecture):
    names = [name.split("/")[0] for name in weight_shapes(architecture, 2, 2) if "hyperkernel_kernel" in name]
    assert [f"elasreg_unet_{layer}" for layer in HyperKernels(architecture, 2, {}).layers] == names


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("n_parameters", [1, 2, 6])  # diffusion's, the elastic ones, the elastic ones of three classes
def test_the_first_layers_are_those_of_the_engine(dim, n_parameters):
    architecture = Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=6)
    weights = random_weights(architecture, n_parameters, dim)
    nodes = np.random.default_rng(1).random((2, n_parameters), dtype=np.float32)
    plain = PlainNetwork(architecture, n_parameters, dim, weights).kernels(nodes).numpy()
    network = HyperKernels(architecture, dim, weights)
    for row, node in zip(plain, nodes, strict=True):
        # in the engine's row: a kernel, then its biases, layer after layer down the U-Net; four features each
        first, second = (network.kernel(layer, node) for layer in network.layers[:2])
        assert first.shape == (*(3,) * dim, 2, 4)
        np.testing.assert_allclose(first.ravel(), row[: first.size], atol=1e-5)
        start = first.size + 4
        np.testing.assert_allclose(second.ravel(), row[start : start + second.size], atol=1e-5)


def random_weights(architecture, n_parameters, dim):
    rng = np.random.default_rng(0)
    shapes = weight_shapes(architecture, n_parameters, dim)
    return {name: rng.normal(0, 0.3, shape).astype("f4") for name, shape in shapes.items()}


def test_how_far_kernels_move_in_percent():
    # one dense layer of one unit: features = ReLU(λ + 1), kernel of a layer = 2 · features, everywhere. From λ = 0 to
    # λ = 0.5 the features go from 1 to 1.5: all kernels grow by 50 %, whatever their number
    architecture = Architecture(encoder=(1,), decoder=(1, 1), hyper_layers=1, hyper_units=1)
    weights = {"elasreg_hyp_dense_1/kernel": np.ones((1, 1), "f4"), "elasreg_hyp_dense_1/bias": np.ones(1, "f4")}
    for layer, n_in in zip(HyperKernels(architecture, 2, {}).layers, (2, 1, 3), strict=True):
        name = f"elasreg_unet_{layer}"
        weights |= {f"{name}/hyperkernel_kernel": np.full((1, 9 * n_in), 2, "f4")}
        weights |= {f"{name}/hyperkernel_bias": np.zeros(9 * n_in, "f4"), f"{name}/hyperbias_bias": np.zeros(1, "f4")}
    changes = HyperKernels(architecture, 2, weights).changes([0.0], [0.5])
    assert list(changes["layer"]) == ["enc_conv_0_0", "dec_conv_0_0", "dec_final_conv_0"]
    assert list(changes["weights"]) == [18, 9, 27]
    np.testing.assert_allclose(changes["change_percent"], 50)


def test_relu_lies_between_all_layers_and_after_the_last():
    # two layers of one unit with weights 1 and −1, biases 0: ReLU(−ReLU(λ)) = 0 for every λ
    architecture = Architecture(encoder=(1,), decoder=(1,), hyper_layers=2, hyper_units=1)
    shapes = {"kernel": (1, 1), "bias": (1,)}
    weights = {f"elasreg_hyp_dense_{n}/{part}": np.zeros(shapes[part], "f4") for n in (1, 2) for part in shapes}
    weights["elasreg_hyp_dense_1/kernel"][:], weights["elasreg_hyp_dense_2/kernel"][:] = 1, -1
    assert HyperKernels(architecture, 2, weights).features([0.7]) == 0


def test_a_checkpoint_is_read_and_one_of_another_network_refused(tmp_path):
    architecture = Architecture(encoder=(4, 4), decoder=(4, 4), hyper_units=4)  # that of `make_card`
    weights = random_weights(architecture, 2, 2)
    network = HyperKernels.of(make_checkpoint(tmp_path / "elas-g", weights))
    assert (network.architecture, network.dim) == (architecture, 2)
    whole = HyperKernels(architecture, 2, weights).kernel("enc_conv_1_0", (0.3, 0.8))
    np.testing.assert_allclose(network.kernel("enc_conv_1_0", (0.3, 0.8)), whole, atol=2e-2)  # kept in 16 bits
    with pytest.raises(InputError, match="are those of another network") as error:
        HyperKernels.of(make_checkpoint(tmp_path / "other" / "elas-g"))
    assert "dense/bias is not in both" in error.value.received
