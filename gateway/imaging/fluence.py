"""The dose that reaches the panel, pixel by pixel, in calibrated units."""

import math

import numpy as np

from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.units import FloatArray
from gateway.imaging.collimation import Collimation
from gateway.imaging.plane import isocentre_grid, strip_frames
from gateway.kernels.aperture import accumulate_apertures
from gateway.kernels.image import Float32Array, take_blurred

_KERNEL_REACH_SIGMA = 5.0
"""Where the blur is cut off: 6e-7 of a Gaussian lies beyond."""
_REFERENCE_FIELD_MM = 100.0


class FluenceAccumulator:
    """Sums the exposures of a frame: exact apertures, leakage, one blur per frame.

    One CU is the signal of 1 MU in a 100 mm x 100 mm field (isocentre plane) on the central axis
    at the panel; the blur's response to that field is divided out. ``jaw_transmission`` is what
    passes the jaws.
    """

    def __init__(
        self, machine: MachineModel, panel: PanelModel, *, jaw_transmission: float = 0.0
    ) -> None:
        self._collimation = Collimation(machine, jaw_transmission)
        sigma = panel.blur_sigma_mm / panel.pitch_mm
        self._taps = _gaussian_taps(sigma)
        self._grid = isocentre_grid(panel, machine.sad_mm, margin=self._taps.size - 1)
        self._cu_per_mu = 1.0 / _reference_response(panel, machine.sad_mm)
        self._size = machine.layout.size
        self._buffer = np.zeros((self._grid.rows, self._grid.columns + 1))
        self._through_jaws_cu = 0.0

    def add(self, positions: FloatArray, meterset_mu: FloatArray) -> None:
        """Expose: ``positions`` (k, layout.size) with ``meterset_mu`` (k,) MU given at each.

        Consecutive rows that shape the beam alike are drawn once. Raises ValueError for wrong
        shapes, for positions that are not finite and for a meterset that is not, or negative.
        """
        if positions.ndim != 2 or positions.shape != (meterset_mu.size, self._size):
            raise ValueError(
                f"positions {positions.shape} and meterset {meterset_mu.shape} do not fit "
                f"a layout of {self._size} positions"
            )
        if not (np.isfinite(meterset_mu) & (meterset_mu >= 0.0)).all():
            raise ValueError("a meterset is negative or not finite")
        if not np.isfinite(positions).all():
            raise ValueError("a position is not finite")
        given = meterset_mu > 0.0
        if not given.any():
            return
        positions, meterset_mu = positions[given], meterset_mu[given]
        first = np.flatnonzero(self._collimation.shape_changes(positions))
        cu = np.add.reduceat(meterset_mu, first) * self._cu_per_mu
        self._draw(positions[first], cu)

    def take(self) -> Float32Array:
        """The image (rows, columns) in CU of all that was added since the last take."""
        image = take_blurred(self._buffer, self._taps)
        image += np.float32(self._through_jaws_cu)
        self._through_jaws_cu = 0.0
        return image

    def _draw(self, positions: FloatArray, cu: FloatArray) -> None:
        collimation = self._collimation
        limits = collimation.limits(positions)
        angles = collimation.collimator_deg(positions)
        frames = strip_frames(self._grid, angles, collimation.travel)
        for layer in collimation.layers(positions):
            strips = layer.strips
            accumulate_apertures(
                self._buffer,
                strips.boundaries,
                np.ascontiguousarray(strips.low),
                np.ascontiguousarray(strips.high),
                limits,
                frames,
                cu * layer.share,
            )
        self._through_jaws_cu += float(cu.sum()) * collimation.jaw_transmission


def _gaussian_taps(sigma: float) -> Float32Array:
    """One half of a normalised Gaussian of ``sigma`` pixels, its middle first."""
    reach = np.arange(math.ceil(_KERNEL_REACH_SIGMA * sigma) + 1)
    half = np.exp(-0.5 * (reach / sigma) ** 2) if sigma > 0.0 else np.ones(1)
    taps: Float32Array = (half / (half[0] + 2.0 * half[1:].sum())).astype(np.float32)
    return taps


def _reference_response(panel: PanelModel, sad_mm: float) -> float:
    """The blurred signal in the middle of the reference field, 1 without blur."""
    if panel.blur_sigma_mm == 0.0:
        return 1.0
    half_side = 0.5 * _REFERENCE_FIELD_MM * panel.sid_mm / sad_mm
    return math.erf(half_side / (math.sqrt(2.0) * panel.blur_sigma_mm)) ** 2
