"""An image's pixels gathered in cells that lie along the leaves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.portal_image import ImageGeometry
from gateway.domain.units import FloatArray, frozen

IndexArray = npt.NDArray[np.intp]

_SMALLEST_MM = 0.5
_SMALLEST_ACROSS_MM = 1.0
_PIXELS = 1.2


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the collimator's system that is looked at, mm in the isocentre plane."""

    along: tuple[float, float]
    across: tuple[float, float]


class Cells:
    """Rows across the leaves' travel, columns along it; each cell is the mean of its pixels.

    ``across`` (rows,) are the mean places of the rows' pixels, ``along`` (rows, columns) that of
    each cell's and ``spread`` its variance (mm squared); ``counts`` how many pixels a cell has.
    """

    def __init__(
        self,
        geometry: ImageGeometry,
        shape: tuple[int, int],
        collimator_deg: float,
        travel: str,
        region: Region,
    ) -> None:
        scale = geometry.sad_mm / geometry.sid_mm
        pitch = max(geometry.pitch_mm) * scale
        self.step_along = max(_SMALLEST_MM, _PIXELS * pitch)
        self.step_across = max(_SMALLEST_ACROSS_MM, _PIXELS * pitch)
        columns = max(int(np.ceil((region.along[1] - region.along[0]) / self.step_along)), 1)
        rows = max(int(np.ceil((region.across[1] - region.across[0]) / self.step_across)), 1)
        self.shape = (rows, columns)
        along, across = _collimator_places(geometry, shape, collimator_deg, travel)
        column = np.floor((along - region.along[0]) / self.step_along).astype(np.int32)
        row = np.floor((across - region.across[0]) / self.step_across).astype(np.int32)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        self._pixels = np.flatnonzero(inside)
        self._cell = (row * columns + column).ravel()[self._pixels]
        self.counts: IndexArray = np.bincount(self._cell, minlength=rows * columns).reshape(
            self.shape
        )
        self._share = 1.0 / np.maximum(self.counts, 1)
        place = self.mean(along)
        middle = region.along[0] + (np.arange(columns) + 0.5) * self.step_along
        self.along = np.where(self.counts > 0, place, middle)
        self.spread = np.maximum(self.mean(along.astype(np.float64) ** 2) - place**2, 0.0)
        in_row = self.counts.sum(axis=1)
        middle = region.across[0] + (np.arange(rows) + 0.5) * self.step_across
        total = (self.mean(across) * self.counts).sum(axis=1)
        self.across = np.where(in_row > 0, total / np.maximum(in_row, 1), middle)

    def within(self, reach_mm: float) -> tuple[int, int]:
        """How many rows and columns lie within that; at least 1."""
        steps = (self.step_across, self.step_along)
        rows, columns = (max(round(reach_mm / step), 1) for step in steps)
        return rows, columns

    def mean(self, image: npt.NDArray[np.floating]) -> FloatArray:
        """The mean of ``image`` in each cell, 0 where it has no pixel."""
        values = image.ravel()[self._pixels]
        total = np.bincount(self._cell, weights=values, minlength=self.counts.size)
        mean: FloatArray = total.reshape(self.shape) * self._share
        return mean


def isocentre_places(
    geometry: ImageGeometry, shape: tuple[int, int]
) -> tuple[FloatArray, FloatArray]:
    """The places x (columns,) and y (rows,) of pixels' centres in the isocentre plane, mm."""
    scale = geometry.sad_mm / geometry.sid_mm
    x = (
        geometry.first_pixel_mm[0]
        + geometry.panel_mm[0]
        + geometry.pitch_mm[1] * np.arange(shape[1])
    )
    y = (
        geometry.first_pixel_mm[1]
        + geometry.panel_mm[1]
        - geometry.pitch_mm[0] * np.arange(shape[0])
    )
    return frozen(x * scale), frozen(y * scale)


def _collimator_places(
    geometry: ImageGeometry, shape: tuple[int, int], collimator_deg: float, travel: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Each pixel's centre in the collimator's system: along the leaves' travel, across it."""
    columns, rows = isocentre_places(geometry, shape)
    x = columns.astype(np.float32)[np.newaxis, :]
    y = rows.astype(np.float32)[:, np.newaxis]
    cos = np.float32(np.cos(np.radians(collimator_deg)))
    sin = np.float32(np.sin(np.radians(collimator_deg)))
    xb, yb = cos * x + sin * y, cos * y - sin * x
    return (xb, yb) if travel == "X" else (yb, xb)
