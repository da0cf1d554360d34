"""The panel's electronics: dose into raw counts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.machine import PanelModel
from gateway.domain.units import FloatArray
from gateway.imaging.lag import Lag
from gateway.kernels.detector import read_out
from gateway.kernels.image import Float32Array

FULL_SCALE_CU_PER_S = 60.0
"""The dose rate that fills a readout at the panel's highest frame rate: 3600 MU/min, half as much
again as the fastest beams have. It sets the simulated panel's gain."""
DARK_SPREAD = 0.05
SENSITIVITY_SPREAD = 0.01
"""How much pixels differ in dark signal and in sensitivity, relative, one standard deviation."""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """Counts (rows, columns), whole numbers, summed over ``readouts``.

    ``saturated`` counts pixels that stood at the top of their range.
    """

    counts: Float32Array
    readouts: int
    saturated: int


class RawStage:
    """One panel's pixels: dark signal, sensitivity, which are dead; lag and noise.

    All is drawn from ``seed``: the same seed and the same calls give the same frames.
    """

    def __init__(self, panel: PanelModel, seed: int) -> None:
        self._panel = panel
        self._random = np.random.default_rng(seed)
        shape = (panel.rows, panel.columns)
        self._top = 2**panel.bits - 1
        self.full_scale_cu = FULL_SCALE_CU_PER_S / panel.maximum_frame_rate_hz
        self.counts_per_cu = (self._top - panel.dark_counts) / self.full_scale_cu
        spread = self._random.standard_normal((2, *shape), dtype=np.float32).clip(-4.0, 4.0)
        self.dark = np.float32(panel.dark_counts) * (1 + np.float32(DARK_SPREAD) * spread[0])
        counts_per_cu = np.float32(self.counts_per_cu)
        self.sensitivity = counts_per_cu * (1 + np.float32(SENSITIVITY_SPREAD) * spread[1])
        self._answer = self.sensitivity
        self._noise_pool = self._random.standard_normal(
            2 * panel.rows * panel.columns, dtype=np.float32
        )
        self.dead = self._dead_pixels(panel)
        self._lag = Lag(panel.lag, shape)

    def expect(self, flood: Float32Array | None) -> Float32Array:
        """From now on, a calibrated 1 CU is so much in each pixel (None: the same in all).

        Returns the counts that it gives, (rows, columns).
        """
        answer: Float32Array = self.sensitivity if flood is None else self.sensitivity * flood
        self._answer = answer
        return answer

    def rest(self) -> None:
        """Nothing has fallen on the panel for long: no image lags."""
        self._lag.rest()

    def read(self, cu: Float32Array, readouts: int, row_factors: FloatArray) -> RawFrame:
        """An exposure that ``readouts`` share evenly, each cut at the panel's bits.

        ``row_factors`` (rows,) is what each row reads of it. Raises ValueError for an exposure of
        another shape, and for less than one readout.
        """
        if cu.shape != self.dark.shape:
            raise ValueError(f"an exposure of {cu.shape} is not of the panel's {self.dark.shape}")
        if readouts < 1:
            raise ValueError("a frame has at least one readout")
        panel = self._panel
        start = int(self._random.integers(cu.size + 1))
        counts, saturated = read_out(
            self._lag.after(cu, readouts),
            self.dark,
            self._answer,
            self._noise_pool[start : start + cu.size].reshape(cu.shape),
            row_factors,
            readouts,
            panel.quanta_per_cu,
            readouts * panel.electronic_noise_counts**2,
            float(readouts * self._top),
        )
        counts.ravel()[self.dead] = 0.0
        return RawFrame(counts, readouts, saturated)

    def _dead_pixels(self, panel: PanelModel) -> npt.NDArray[np.intp]:
        """Their places in the image's pixels, row after row."""
        pixels = panel.rows * panel.columns
        count = round(panel.dead_pixel_share * pixels)
        if count == 0:
            return np.empty(0, np.intp)
        return np.sort(self._random.choice(pixels, count, replace=False))
