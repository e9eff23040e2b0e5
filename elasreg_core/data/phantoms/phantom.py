"""What every phantom is, and how it is made: anatomy → stiffness → solved motion → two images with known truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.phantoms.appearance import block_mean
from elasreg_core.data.phantoms.materials import Material, Stiffness
from elasreg_core.data.phantoms.motion import inverse_displacement, scale_to_unfold
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.physics.fields import jacobian_determinant, warp_image

FloatArray = npt.NDArray[np.floating[Any]]
MaterialMap = npt.NDArray[np.uint8]

SMALLEST_JACOBIAN = 0.08  # of a phantom's motion on its voxel grid: no tissue is squeezed to less than this
N_LANDMARKS = 60


class Anatomy(Protocol):
    """One subject: where its tissues lie at rest, how stiff they are, what moves them, how they look."""

    @property
    def materials(self) -> tuple[Material, ...]:
        """The tissues; a material map holds indices into this table."""

    @property
    def stiffness(self) -> tuple[Stiffness, ...]:
        """This subject's stiffness, in the order of `materials`."""

    def material_at(self, points_mm: FloatArray) -> MaterialMap:
        """Which tissue lies at the points `(..., 3)` in the fixed image."""

    def displacement_mm(self, raster: Raster) -> FloatArray:
        """The solved displacement at the voxels of `raster`, shape `(X, Y[, Z], D)`, in mm."""

    def images(self, scene: Scene) -> tuple[FloatArray, FloatArray]:
        """The fixed and the moving image on the scene's raster."""


@dataclass(frozen=True)
class Scene:
    """What an image is made of, drawn `factor` times finer than the image.

    Attributes:
        raster: the image's grid.
        factor: 2 in a plane, for the partial volume effect; 1 in a volume.
        materials: indices into the anatomy's materials in the fixed image, on the fine grid.
        backwards: from a fine voxel of the moving image to where its tissue lies in the fixed one, in fine voxels.
        volume_ratio: det J of the motion at the fine voxels of the fixed image.
    """

    raster: Raster
    factor: int
    materials: MaterialMap
    backwards: FloatArray
    volume_ratio: FloatArray


@dataclass(frozen=True)
class Phantom:
    """A pair with known truth. Arrays have the raster's sides `(X, Y[, Z])`.

    Attributes:
        raster: the grid of both images.
        fixed, moving: the images.
        fixed_labels, moving_labels: labels of the data set's tissue table.
        materials: indices into the anatomy's materials, on the fixed grid.
        displacement: u of `physics/fields.py` along the raster's axes, shape `(X, Y[, Z], D)`, in voxels.
        landmarks_fixed, landmarks_moving: points in voxels, shape `(N, 3)`; row n of one is row n of the other.
        table: the materials with this subject's stiffness.
    """

    raster: Raster
    fixed: FloatArray
    moving: FloatArray
    fixed_labels: npt.NDArray[np.uint8]
    moving_labels: npt.NDArray[np.uint8]
    materials: MaterialMap
    displacement: FloatArray
    landmarks_fixed: FloatArray
    landmarks_moving: FloatArray
    table: tuple[tuple[Material, Stiffness], ...]


def render(anatomy: Anatomy, raster: Raster, rng: np.random.Generator) -> Phantom:
    """Solves the motion of an anatomy and images it before (fixed) and after (moving)."""
    displacement = anatomy.displacement_mm(raster) / raster.steps_mm
    displacement = (displacement * scale_to_unfold(displacement, SMALLEST_JACOBIAN)).astype(np.float32)
    backwards = inverse_displacement(displacement)

    factor = 2 if len(raster.axes) == 2 else 1
    fixed, moving = anatomy.images(
        Scene(
            raster,
            factor,
            anatomy.material_at(raster.refined(factor).points_mm),
            factor * np.stack([_upsample(component, factor) for component in np.moveaxis(backwards, -1, 0)], axis=-1),
            _upsample(jacobian_determinant(displacement), factor),
        )
    )
    materials = anatomy.material_at(raster.points_mm)
    labels = np.array([material.label for material in anatomy.materials], dtype=np.uint8)
    moved = anatomy.material_at(raster.embed(raster.points_mm[..., raster.axes] + backwards * raster.steps_mm))
    landmarks = _landmarks(labels[materials], rng)
    return Phantom(
        raster,
        fixed,
        moving,
        labels[materials],
        labels[moved],
        materials,
        displacement,
        _in_space(landmarks, raster),
        _in_space(landmarks + displacement[tuple(landmarks.T)], raster),
        tuple(zip(anatomy.materials, anatomy.stiffness, strict=True)),
    )


def image_of(scene: FloatArray, backwards: FloatArray | None, factor: int) -> FloatArray:
    """A finely drawn scene as voxels, where it lies or moved: moved(q) = scene(q + backwards(q))."""
    return block_mean(scene if backwards is None else warp_image(scene, backwards), factor)


def _upsample(component: FloatArray, factor: int) -> FloatArray:
    """Linear interpolation onto voxels `factor` times smaller in the same space."""
    if factor == 1:
        return component
    offset = (1 / factor - 1) / 2
    sides = tuple(side * factor for side in component.shape)
    return ndimage.affine_transform(
        component, np.full(component.ndim, 1 / factor), offset=offset, output_shape=sides, order=1, mode="nearest"
    )


def _landmarks(labels: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Random voxels inside the labelled tissues, one row each."""
    inside = np.argwhere(labels > 0)
    return inside[np.sort(rng.choice(len(inside), min(N_LANDMARKS, len(inside)), replace=False))]


def _in_space(points_vox: npt.NDArray[Any], raster: Raster) -> FloatArray:
    embedded = np.zeros((len(points_vox), 3))
    embedded[:, raster.axes] = points_vox
    return embedded
