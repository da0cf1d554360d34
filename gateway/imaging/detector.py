"""A portal imager: the panel's raw frames and their correction, one after the other."""

import math
from dataclasses import dataclass

from gateway.domain.machine import PanelModel
from gateway.domain.units import PixelArray
from gateway.imaging.correction import Correction, DeadPixels
from gateway.imaging.raw import RawStage
from gateway.imaging.readout import ghosting_gain, pulses_by_row
from gateway.kernels.detector import quantise
from gateway.kernels.image import Float32Array

_TOP_COUNT = 65535


@dataclass(frozen=True, slots=True)
class DetectedFrame:
    """A corrected frame (rows, columns): CU = pixels * cu_per_count.

    ``saturated`` counts pixels whose raw reading stood at the top of its range.
    """

    pixels: PixelArray
    cu_per_count: float
    saturated: int


class Detector:
    """One panel with its calibration. The same ``seed`` and the same calls give the same frames.

    Frames come in the order of their exposures: each lags into the next, until ``rest``.
    """

    def __init__(self, panel: PanelModel, seed: int) -> None:
        self._panel = panel
        self._raw = RawStage(panel, seed)
        self._dead = DeadPixels(self._raw.dead, (panel.rows, panel.columns))
        self._correction = Correction(self._raw.dark, self._raw.sensitivity, self._dead)

    def expect(self, flood: Float32Array | None) -> None:
        """The beam mode's flood field (rows, columns), 1 on the axis; None for a level beam.

        Exposures are of images that it has been divided out of.
        """
        answer = self._raw.expect(flood)
        self._correction = Correction(self._raw.dark, answer, self._dead)

    def rest(self) -> None:
        """Nothing has fallen on the panel for long: no image lags."""
        self._raw.rest()

    def readouts(self, duration_s: float) -> int:
        """How often the panel reads out in ``duration_s`` at its highest rate, at least once."""
        return max(1, round(duration_s * self._panel.maximum_frame_rate_hz))

    def range_scale(self, readouts: int) -> float:
        """CU per count with which any frame of ``readouts`` fits 16 bits: one for a cine run."""
        return _step(readouts * self._raw.full_scale_cu / _TOP_COUNT)

    def frame(
        self,
        cu: Float32Array,
        *,
        readouts: int,
        cu_per_count: float | None = None,
        span_mu: tuple[float, float] = (math.inf, math.inf),
        pulses: tuple[float, float] = (0.0, 0.0),
    ) -> DetectedFrame:
        """The corrected frame of an exposure ``cu`` (rows, columns), summed from ``readouts``.

        Each readout is cut at the panel's bits; the readouts share the dose evenly. Without
        ``cu_per_count`` the frame's own is taken: the smallest 1, 2 or 5 times a power of ten that
        fits its brightest pixel. ``span_mu`` is the beam's meterset before and after the frame,
        for ghosting; ``pulses`` how many pulses it had given, where rows are read during the beam.
        Raises ValueError for an exposure of another shape, and for less than one readout.
        """
        factors = pulses_by_row(self._panel, pulses)
        factors *= ghosting_gain(self._panel.ghosting, span_mu)
        raw = self._raw.read(cu, readouts, factors)
        corrected = self._correction.apply(raw)
        if cu_per_count is None:
            finest = 1.0 / self._raw.counts_per_cu
            cu_per_count = _step(max(float(corrected.max()) / _TOP_COUNT, finest))
        return DetectedFrame(quantise(corrected, cu_per_count), cu_per_count, raw.saturated)


def _step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least ``least``."""
    decade = math.floor(math.log10(least))
    steps = (float(f"{digit}e{power}") for power in (decade, decade + 1) for digit in (1, 2, 5))
    return next(step for step in steps if step >= least)
