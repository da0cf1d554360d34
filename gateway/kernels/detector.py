"""A pixel's way from dose to count and back, over whole images of one shape."""

import math

import numpy as np

from gateway.domain.units import PixelArray
from gateway.kernels.compiled import compiled
from gateway.kernels.image import Float32Array


@compiled
def read_out(
    cu: Float32Array,
    dark: Float32Array,
    gain: Float32Array,
    noise: Float32Array,
    quanta_per_cu: float,
    electronic_variance: float,
    top: float,
) -> tuple[Float32Array, int]:
    """Raw counts of an exposure, whole and in [0, ``top``], and how many pixels stand at ``top``.

    ``dark`` in counts, ``gain`` in counts per CU, ``noise`` standard normal. The variance of a
    pixel in counts squared is ``gain**2 * cu / quanta_per_cu + electronic_variance``.
    """
    raw = np.empty_like(cu)
    saturated = 0
    for row in range(cu.shape[0]):
        for column in range(cu.shape[1]):
            slope, signal = gain[row, column], max(cu[row, column], np.float32(0.0))
            variance = slope * slope * signal / quanta_per_cu + electronic_variance
            counts = dark[row, column] + slope * signal + math.sqrt(variance) * noise[row, column]
            counts = round(min(max(counts, 0.0), top))
            saturated += counts >= top
            raw[row, column] = counts
    return raw, saturated


@compiled
def correct(raw: Float32Array, dark: Float32Array, gain: Float32Array) -> Float32Array:
    """CU from raw counts: ``dark`` taken off, divided by ``gain`` (counts per CU)."""
    corrected = np.empty_like(raw)
    for row in range(raw.shape[0]):
        for column in range(raw.shape[1]):
            corrected[row, column] = (raw[row, column] - dark[row, column]) / gain[row, column]
    return corrected


@compiled
def quantise(values: Float32Array, step: float) -> PixelArray:
    """``values / step`` as the nearest whole number of 16 bits; what is outside is cut."""
    counts = np.empty(values.shape, np.uint16)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            counts[row, column] = round(min(max(values[row, column] / step, 0.0), 65535.0))
    return counts
