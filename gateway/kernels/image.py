"""From an accumulation buffer to a blurred image."""

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled

Float32Array = npt.NDArray[np.float32]


@compiled
def take_blurred(buffer: FloatArray, weights: Float32Array, taps: Float32Array) -> Float32Array:
    """The image in ``buffer`` (rows, columns + 1), weighted and blurred; empties ``buffer``.

    ``weights`` (rows, columns) are what the beam is in each pixel; (0, 0) where it is level.
    ``taps`` (m + 1,) is one half of a symmetric kernel, its middle first, applied along rows and
    along columns. The image is smaller than the grid by m pixels on every side: these are where
    the kernel would reach outside.
    """
    margin = taps.size - 1
    columns = buffer.shape[1] - 1 - 2 * margin
    line = np.empty(buffer.shape[1] - 1, np.float32)
    across = np.empty((buffer.shape[0], columns), np.float32)
    for row in range(buffer.shape[0]):
        total = 0.0
        for column in range(line.size):
            total += buffer[row, column]
            line[column] = total
        buffer[row] = 0.0
        if weights.size > 0:
            _multiply(line, weights[row])
        _blur_line(across[row], line, taps)
    return _blurred_columns(across, taps)


@compiled
def blurred(image: Float32Array, taps: Float32Array) -> Float32Array:
    """``image`` blurred as by :func:`take_blurred`, smaller by m pixels on every side."""
    across = np.empty((image.shape[0], image.shape[1] - 2 * (taps.size - 1)), np.float32)
    for row in range(image.shape[0]):
        _blur_line(across[row], image[row], taps)
    return _blurred_columns(across, taps)


@compiled
def shrunk(image: Float32Array, step: int, before: int, shape: tuple[int, int]) -> Float32Array:
    """The mean of every ``step`` x ``step`` pixels, in an array of zeros of ``shape``.

    The first mean stands at (``before``, ``before``); what lies outside of the image counts as 0.
    """
    small = np.zeros(shape, np.float32)
    share = np.float32(1.0 / (step * step))
    rows, columns = image.shape
    line = np.empty(columns, np.float32)
    whole = columns // step
    for first in range(0, rows, step):
        line[:] = image[first]
        for row in range(first + 1, min(first + step, rows)):
            _add_scaled(line, 1.0, image[row])
        target = small[before + first // step]
        for place in range(whole):
            total = np.float32(0.0)
            for column in range(place * step, (place + 1) * step):
                total += line[column]
            target[before + place] = share * total
        for column in range(whole * step, columns):
            target[before + whole] += share * line[column]
    return small


@compiled
def add_enlarged(
    image: Float32Array, own: float, small: Float32Array, first: float, step: float
) -> None:
    """``own`` times ``image``, and ``small`` enlarged, straight lines between its values.

    Pixel i of the image, along rows and along columns, lies at ``first + i * step`` of ``small``.
    """
    columns = image.shape[1]
    places = np.empty(columns, np.int64)
    parts = np.empty(columns, np.float32)
    for column in range(columns):
        places[column] = int(first + column * step)
        parts[column] = first + column * step - places[column]
    line = np.empty(small.shape[1], np.float32)
    rise = np.empty(small.shape[1], np.float32)
    share = np.float32(own)
    for row in range(image.shape[0]):
        place = int(first + row * step)
        part = np.float32(first + row * step - place)
        upper, lower = small[place], small[place + 1]
        for i in range(line.size):
            line[i] = upper[i] + part * (lower[i] - upper[i])
        for i in range(line.size - 1):
            rise[i] = line[i + 1] - line[i]
        target = image[row]
        for column in range(columns):
            value = line[places[column]] + parts[column] * rise[places[column]]
            target[column] = share * target[column] + value


@compiled
def _blur_line(target: Float32Array, line: Float32Array, taps: Float32Array) -> None:
    margin = taps.size - 1
    target[:] = 0.0
    _add_scaled(target, taps[0], line[margin : margin + target.size])
    for tap in range(1, taps.size):
        _add_scaled_pair(target, taps[tap], line[margin - tap :], line[margin + tap :])


@compiled
def _blurred_columns(across: Float32Array, taps: Float32Array) -> Float32Array:
    margin = taps.size - 1
    image = np.zeros((across.shape[0] - 2 * margin, across.shape[1]), np.float32)
    for row in range(image.shape[0]):
        middle = row + margin
        _add_scaled(image[row], taps[0], across[middle])
        for tap in range(1, taps.size):
            _add_scaled_pair(image[row], taps[tap], across[middle - tap], across[middle + tap])
    return image


@compiled
def _multiply(target: Float32Array, factors: Float32Array) -> None:
    for i in range(target.size):
        target[i] *= factors[i]


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
