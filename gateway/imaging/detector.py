"""The panel's electronics: dose into raw counts, raw counts into a corrected frame."""

import math
from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import PanelModel
from gateway.domain.units import PixelArray
from gateway.kernels.detector import correct, quantise, read_out
from gateway.kernels.image import Float32Array

FULL_SCALE_CU_PER_S = 60.0
"""The dose rate that fills a readout at the panel's highest frame rate: 3600 MU/min, half as much
again as the fastest beams have. It sets the simulated panel's gain."""
DARK_SPREAD = 0.05
SENSITIVITY_SPREAD = 0.01
"""How much pixels differ in dark signal and in sensitivity, relative, one standard deviation."""
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
    """One panel: its pixels' dark signal and sensitivity, and its noise, drawn from ``seed``.

    The same seed and the same calls give the same frames.
    """

    def __init__(self, panel: PanelModel, seed: int) -> None:
        self._panel = panel
        self._random = np.random.default_rng(seed)
        shape = (panel.rows, panel.columns)
        top = 2**panel.bits - 1
        self._full_scale_cu = FULL_SCALE_CU_PER_S / panel.maximum_frame_rate_hz
        counts_per_cu = (top - panel.dark_counts) / self._full_scale_cu
        spread = self._random.standard_normal((2, *shape), dtype=np.float32).clip(-4.0, 4.0)
        self._dark = np.float32(panel.dark_counts) * (1 + np.float32(DARK_SPREAD) * spread[0])
        self._gain = np.float32(counts_per_cu) * (1 + np.float32(SENSITIVITY_SPREAD) * spread[1])
        self._finest_cu = 1.0 / counts_per_cu
        self._top = top
        self._noise_pool = self._random.standard_normal(
            2 * panel.rows * panel.columns, dtype=np.float32
        )

    def readouts(self, duration_s: float) -> int:
        """How often the panel reads out in ``duration_s`` at its highest rate, at least once."""
        return max(1, round(duration_s * self._panel.maximum_frame_rate_hz))

    def range_scale(self, readouts: int) -> float:
        """CU per count with which any frame of ``readouts`` fits 16 bits: one for a cine run."""
        return _step(readouts * self._full_scale_cu / _TOP_COUNT)

    def frame(
        self, cu: Float32Array, *, readouts: int, cu_per_count: float | None = None
    ) -> DetectedFrame:
        """The corrected frame of an exposure ``cu`` (rows, columns), summed from ``readouts``.

        Each readout is cut at the panel's bits; the readouts share the dose evenly. Without
        ``cu_per_count`` the frame's own is taken: the smallest 1, 2 or 5 times a power of ten that
        fits its brightest pixel. Raises ValueError for an exposure of another shape, and for less
        than one readout.
        """
        if cu.shape != self._dark.shape:
            raise ValueError(f"an exposure of {cu.shape} is not of the panel's {self._dark.shape}")
        if readouts < 1:
            raise ValueError("a frame has at least one readout")
        raw, dark, saturated = self._read_out(cu, readouts)
        corrected = correct(raw, dark, self._gain)
        if cu_per_count is None:
            cu_per_count = _step(max(float(corrected.max()) / _TOP_COUNT, self._finest_cu))
        return DetectedFrame(quantise(corrected, cu_per_count), cu_per_count, saturated)

    def _read_out(self, cu: Float32Array, readouts: int) -> tuple[Float32Array, Float32Array, int]:
        """Raw counts summed over ``readouts``, the dark signal in them, and saturated pixels."""
        panel = self._panel
        dark = self._dark * np.float32(readouts)
        start = int(self._random.integers(cu.size + 1))
        noise = self._noise_pool[start : start + cu.size].reshape(cu.shape)
        raw, saturated = read_out(
            cu,
            dark,
            self._gain,
            noise,
            panel.quanta_per_cu,
            readouts * panel.electronic_noise_counts**2,
            float(readouts * self._top),
        )
        return raw, dark, saturated


def _step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least ``least``."""
    decade = math.floor(math.log10(least))
    steps = (float(f"{digit}e{power}") for power in (decade, decade + 1) for digit in (1, 2, 5))
    return next(step for step in steps if step >= least)
