"""From an accumulation buffer to a blurred image."""

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled

Float32Array = npt.NDArray[np.float32]


@compiled
def take_blurred(buffer: FloatArray, taps: Float32Array) -> Float32Array:
    """The image in ``buffer`` (rows, columns + 1), blurred; ``buffer`` is left empty.

    ``taps`` (m + 1,) is one half of a symmetric kernel, its middle first, applied along rows and
    along columns. The image is smaller than the grid by m pixels on every side: these are where
    the kernel would reach outside.
    """
    margin = taps.size - 1
    rows, columns = buffer.shape[0] - 2 * margin, buffer.shape[1] - 1 - 2 * margin
    line = np.empty(buffer.shape[1] - 1, np.float32)
    across = np.zeros((buffer.shape[0], columns), np.float32)
    for row in range(buffer.shape[0]):
        total = 0.0
        for column in range(line.size):
            total += buffer[row, column]
            line[column] = total
        buffer[row] = 0.0
        _add_scaled(across[row], taps[0], line[margin : margin + columns])
        for tap in range(1, taps.size):
            left, right = line[margin - tap :], line[margin + tap :]
            _add_scaled_pair(across[row], taps[tap], left, right)
    image = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        middle = row + margin
        _add_scaled(image[row], taps[0], across[middle])
        for tap in range(1, taps.size):
            _add_scaled_pair(image[row], taps[tap], across[middle - tap], across[middle + tap])
    return image


@compiled
def _add_scaled(target: Float32Array, factor: float, source: Float32Array) -> None:
    for i in range(target.size):
        target[i] += factor * source[i]


@compiled
def _add_scaled_pair(
    target: Float32Array, factor: float, first: Float32Array, second: Float32Array
) -> None:
    for i in range(target.size):
        target[i] += factor * (first[i] + second[i])
