"""Fields on disk: what other tools will make of them, derived from their conventions."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.physics.fields import identity_grid
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.export import physical_displacement, write_registration
from elasreg_core.registration.registrar import Registration


@pytest.fixture
def registration(small_pair):
    u = np.random.default_rng(4).normal(size=(16, 20, 2)).astype("f4")
    parameters = ParameterField.uniform((0, 0.1), 3)
    return Registration("small", u, small_pair.moving, small_pair.moving_labels, parameters, "small/elas-g", 0.1)


def test_physical_displacement_leads_from_each_voxel_to_its_counterpart_in_space(small_pair, registration):
    # A(p + u) − A(p), in homogeneous coordinates, with k = 0 through the slice
    def in_space(points):
        homogeneous = np.concatenate([points, np.zeros((*points.shape[:-1], 1)), np.ones((*points.shape[:-1], 1))], -1)
        return homogeneous @ small_pair.affine[:3].T

    p = identity_grid((16, 20)).astype(float)
    expected = in_space(p + registration.displacement) - in_space(p)
    found = physical_displacement(registration.displacement, small_pair.affine)
    assert found.shape == (16, 20, 1, 3)
    np.testing.assert_allclose(found[:, :, 0], expected, atol=1e-4)


def test_three_forms_of_one_field(tmp_path, small_pair, registration):
    written = write_registration(tmp_path, small_pair, registration)
    learn2reg, itk, ras = (nib.load(written[f"displacement_{form}"]) for form in ("learn2reg", "itk", "ras"))
    assert learn2reg.shape == (16, 20, 1, 3)
    np.testing.assert_array_equal(np.asarray(learn2reg.dataobj)[:, :, 0, :2], registration.displacement)
    assert (itk.shape, int(itk.header["intent_code"])) == ((16, 20, 1, 1, 3), 1007)
    assert (ras.shape, int(ras.header["intent_code"])) == ((16, 20, 1, 1, 3), 1006)
    in_ras = physical_displacement(registration.displacement, small_pair.affine)
    np.testing.assert_allclose(np.asarray(ras.dataobj)[:, :, :, 0], in_ras, atol=1e-6)
    np.testing.assert_allclose(np.asarray(itk.dataobj)[:, :, :, 0], in_ras * [-1, -1, 1], atol=1e-6)
    for image in (learn2reg, itk, ras):
        np.testing.assert_allclose(image.affine, small_pair.affine, atol=1e-5)


def test_images_and_labels_lie_where_the_pair_lies(tmp_path, small_pair, registration):
    written = write_registration(tmp_path, small_pair, registration)
    warped, labels = nib.load(written["warped"]), nib.load(written["warped_labels"])
    assert warped.shape == labels.shape == (16, 20, 1)
    np.testing.assert_array_equal(np.asarray(labels.dataobj)[..., 0], registration.warped_labels)
    np.testing.assert_allclose(warped.affine, small_pair.affine, atol=1e-5)
    assert labels.get_data_dtype() == np.uint8
