"""What a panel makes of the beam that reaches it: profile, blur, tails, and the scale of CU."""

import math

import numpy as np

from gateway.domain.geometry import PixelGrid
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.optics import Curve
from gateway.domain.units import FloatArray
from gateway.imaging.plane import isocentre_grid, strip_frames
from gateway.imaging.tails import Tails
from gateway.kernels.aperture import accumulate_apertures
from gateway.kernels.image import Float32Array, blurred, take_blurred

_KERNEL_REACH_SIGMA = 4.0
"""Where the blur is cut off: 6e-5 of a Gaussian lies beyond, and is given back to what is kept."""
_REFERENCE_FIELD_MM = 100.0


class PanelResponse:
    """One panel under one beam mode.

    Images are in CU: 1 MU in a 100 mm x 100 mm field (isocentre plane) gives 1 on the central axis,
    whatever the panel's distance. They are flat where the beam is open: a flood field, the
    beam over all of the panel, has been divided out, and with it the profile. ``source_blur_mm``
    is what the source does to the edges on the panel, one standard deviation; with ``apart`` it is
    kept apart from the panel's own blur, for what is put between the two. ``shift_mm`` is how far
    the panel stands from where its flood field was taken, on its own plane.
    """

    def __init__(
        self,
        machine: MachineModel,
        panel: PanelModel,
        *,
        profile: Curve,
        source_blur_mm: float,
        apart: bool,
        shift_mm: tuple[float, float],
    ) -> None:
        own, source = panel.blur_sigma_mm, source_blur_mm
        first, then = (source, own) if apart else (math.hypot(own, source), 0.0)
        self._taps = gaussian_taps(first / panel.pitch_mm)
        self._own_taps = gaussian_taps(then / panel.pitch_mm)
        self._apart = apart
        margin = self._taps.size + self._own_taps.size - 2
        self.grid = isocentre_grid(panel, machine.sad_mm, margin)
        self.between = isocentre_grid(panel, machine.sad_mm, self._own_taps.size - 1)
        self._tails = Tails(panel.scatter, (panel.rows, panel.columns), panel.pitch_mm, own)
        to_isocentre = machine.sad_mm / panel.sid_mm
        shift = (shift_mm[0] * to_isocentre, shift_mm[1] * to_isocentre)
        self._beam = _over(self.grid, profile, shift)
        self._calibrate(_over(self.grid, profile, (0.0, 0.0)))

    @property
    def flood(self) -> Float32Array:
        """The beam over all of the panel, (rows, columns), 1 on the central axis."""
        return self._flood

    def buffer(self) -> FloatArray:
        """An empty accumulation buffer for apertures on ``grid``."""
        return np.zeros((self.grid.rows, self.grid.columns + 1))

    def before_the_panel(self, buffer: FloatArray) -> Float32Array:
        """The beam as it comes out of the machine, on ``between``; empties the buffer."""
        return take_blurred(buffer, self._beam, self._taps)

    def image(self, beam: Float32Array) -> Float32Array:
        """The image in CU of a beam on ``between``."""
        image = self._signal(beam)
        image *= self._to_cu
        return image

    def _signal(self, beam: Float32Array) -> Float32Array:
        image = blurred(beam, self._own_taps) if self._apart else beam
        self._tails.add_to(image)
        return image

    def _calibrate(self, beam: Float32Array) -> None:
        """The flood field and the reference field, as this panel sees them."""
        buffer = self.buffer()
        frames = strip_frames(self.grid, np.zeros(1), "X")
        half = 0.5 * _REFERENCE_FIELD_MM
        _draw(buffer, frames, half)
        reference = _on_axis(self._signal(take_blurred(buffer, beam, self._taps)))
        _draw(buffer, frames, 0.5 * self.grid.pitch_mm * (self.grid.rows + self.grid.columns))
        flood = self._signal(take_blurred(buffer, beam, self._taps))
        on_axis = _on_axis(flood)
        self._to_cu = np.float32(on_axis / reference) / flood
        self._flood = flood / np.float32(on_axis)


def gaussian_taps(sigma: float) -> Float32Array:
    """One half of a normalised Gaussian of ``sigma`` pixels, its middle first."""
    reach = np.arange(math.ceil(_KERNEL_REACH_SIGMA * sigma) + 1)
    half = np.exp(-0.5 * (reach / sigma) ** 2) if sigma > 0.0 else np.ones(1)
    taps: Float32Array = (half / (half[0] + 2.0 * half[1:].sum())).astype(np.float32)
    return taps


def _over(grid: PixelGrid, profile: Curve, shift_mm: tuple[float, float]) -> Float32Array:
    """The profile in every pixel of a panel that stands aside; (0, 0) where it is level."""
    if profile.is_level:
        return np.empty((0, 0), np.float32)
    first_x, first_y = grid.first_pixel_mm
    x = first_x + shift_mm[0] + grid.pitch_mm * np.arange(grid.columns)
    y = first_y + shift_mm[1] - grid.pitch_mm * np.arange(grid.rows)
    distance = np.sqrt(x**2 + y[:, np.newaxis] ** 2)
    relative = np.interp(distance, profile.places, profile.values)
    weights: Float32Array = relative.astype(np.float32)
    return weights


def _draw(buffer: FloatArray, frames: FloatArray, half_side_mm: float) -> None:
    """Add a square field of 1."""
    edge = np.array([[half_side_mm]])
    accumulate_apertures(
        buffer,
        np.array([-half_side_mm, half_side_mm]),
        -edge,
        edge,
        half_side_mm * np.array([[-1.0, 1.0, -1.0, 1.0]]),
        frames,
        np.ones(1),
    )


def _on_axis(image: Float32Array) -> float:
    """The mean of the pixels that touch the middle."""
    rows, columns = (slice((side - 1) // 2, side // 2 + 1) for side in image.shape)
    return float(image[rows, columns].mean())
