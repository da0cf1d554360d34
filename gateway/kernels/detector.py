"""A pixel's way from dose to count and back, over whole images of one shape."""

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray, PixelArray
from gateway.kernels.compiled import compiled, dividing
from gateway.kernels.image import Float32Array

SumArray = npt.NDArray[np.uint32]


@compiled
def read_out(
    cu: Float32Array,
    dark: Float32Array,
    gain: Float32Array,
    noise: Float32Array,
    row_factors: FloatArray,
    readouts: int,
    quanta_per_cu: float,
    electronic_variance: float,
    top: float,
) -> tuple[Float32Array, int]:
    """Raw counts of an exposure, whole and in [0, ``top``], and how many pixels stand at ``top``.

    ``dark`` in counts a readout, ``gain`` in counts per CU, ``noise`` standard normal.
    ``row_factors`` (rows,) are what each row reads of its exposure. The variance of a pixel in
    counts squared is ``gain**2 * cu / quanta_per_cu + electronic_variance``.
    """
    raw = np.empty_like(cu)
    saturated = 0
    nothing, full, times = np.float32(0.0), np.float32(top), np.float32(readouts)
    per_quantum, electronic = np.float32(1.0 / quanta_per_cu), np.float32(electronic_variance)
    for row in range(cu.shape[0]):
        factor = np.float32(row_factors[row])
        for column in range(cu.shape[1]):
            slope = gain[row, column]
            counts = slope * factor * max(cu[row, column], nothing)
            spread = np.sqrt(slope * counts * per_quantum + electronic)
            counts += times * dark[row, column] + spread * noise[row, column]
            counts = np.rint(min(max(counts, nothing), full))
            saturated += counts >= full
            raw[row, column] = counts
    return raw, saturated


@dividing
def correct(
    raw: Float32Array, dark: Float32Array, gain: Float32Array, readouts: int
) -> Float32Array:
    """CU from raw counts: ``dark`` of every readout taken off, by ``gain`` (counts per CU)."""
    corrected = np.empty_like(raw)
    times = np.float32(readouts)
    for row in range(raw.shape[0]):
        for column in range(raw.shape[1]):
            corrected[row, column] = (raw[row, column] - times * dark[row, column]) / gain[
                row, column
            ]
    return corrected


@compiled
def quantise(values: Float32Array, step: float) -> PixelArray:
    """``values / step`` as the nearest whole number of 16 bits; what is outside is cut."""
    counts = np.empty(values.shape, np.uint16)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            counts[row, column] = round(min(max(values[row, column] / step, 0.0), 65535.0))
    return counts


@compiled
def pass_on_lag(
    waiting: Float32Array,
    image: Float32Array,
    released: FloatArray,
    kept: FloatArray,
    held: FloatArray,
) -> Float32Array:
    """What comes late, (rows, columns); ``waiting`` (terms, rows, columns) goes on by one frame.

    Of what waits, ``released`` comes out and ``kept`` is left; ``held`` of the image joins it.
    """
    late = np.zeros_like(image)
    for term in range(waiting.shape[0]):
        out, keep = np.float32(released[term]), np.float32(kept[term])
        hold = np.float32(held[term])
        for row in range(image.shape[0]):
            state = waiting[term, row]
            for column in range(image.shape[1]):
                late[row, column] += out * state[column]
                state[column] = keep * state[column] + hold * image[row, column]
    return late


@compiled
def correct_and_add(
    raw: PixelArray, dark: Float32Array, scale: Float32Array, total: SumArray
) -> int:
    """Correct a raw frame, add it to ``total`` (rows, columns), and return the sum over it.

    A corrected pixel is ``(raw - dark) * scale`` as the nearest whole number of 16 bits.
    """
    signal = np.uint64(0)
    for row in range(raw.shape[0]):
        for column in range(raw.shape[1]):
            value = (np.float32(raw[row, column]) - dark[row, column]) * scale[row, column]
            value = min(max(value, np.float32(0.0)), np.float32(65535.0))
            count = np.uint32(value + np.float32(0.5))
            total[row, column] += count
            signal += np.uint64(count)
    return int(signal)
