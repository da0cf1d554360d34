"""From an accumulation buffer to a blurred image."""

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled

Float32Array = npt.NDArray[np.float32]
CountArray = npt.NDArray[np.int64]
_TOGETHER = 4
"""Rows whose running sums are made at once."""


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
    lines = np.empty((_TOGETHER, buffer.shape[1] - 1), np.float32)
    across = np.empty((buffer.shape[0], columns), np.float32)
    lit = np.zeros(buffer.shape[0] + 1, np.int64)
    for row in range(buffer.shape[0]):
        if row % _TOGETHER == 0:
            _running_sums(lines, buffer[row : row + _TOGETHER])
        if _is_empty(buffer[row]):
            across[row] = 0.0
            lit[row + 1] = lit[row]
            continue
        lit[row + 1] = lit[row] + 1
        buffer[row] = 0.0
        line = lines[row % _TOGETHER]
        if weights.size > 0:
            _multiply(line, weights[row])
        _blur_line(across[row], line, taps)
    return _blurred_columns(across, taps, lit)


@compiled
def _running_sums(lines: Float32Array, buffer: FloatArray) -> None:
    """Of up to four rows; of four at once, for each sum waits for the one before it."""
    if buffer.shape[0] < _TOGETHER:
        for row in range(buffer.shape[0]):
            total = 0.0
            for column in range(lines.shape[1]):
                total += buffer[row, column]
                lines[row, column] = total
        return
    a = b = c = d = 0.0
    for column in range(lines.shape[1]):
        a += buffer[0, column]
        b += buffer[1, column]
        c += buffer[2, column]
        d += buffer[3, column]
        lines[0, column], lines[1, column] = a, b
        lines[2, column], lines[3, column] = c, d


@compiled
def blurred(image: Float32Array, taps: Float32Array) -> Float32Array:
    """``image`` blurred as by :func:`take_blurred`, smaller by m pixels on every side."""
    across = np.empty((image.shape[0], image.shape[1] - 2 * (taps.size - 1)), np.float32)
    for row in range(image.shape[0]):
        _blur_line(across[row], image[row], taps)
    return _blurred_columns(across, taps, np.arange(image.shape[0] + 1))


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
    upper, lower = np.empty(columns, np.float32), np.empty(columns, np.float32)
    share, at = np.float32(own), -2
    for row in range(image.shape[0]):
        place = int(first + row * step)
        part = np.float32(first + row * step - place)
        if place == at + 1:
            upper, lower = lower, upper
        elif place != at:
            _enlarge(upper, small[place], places, parts)
        if place != at:
            _enlarge(lower, small[place + 1], places, parts)
            at = place
        target = image[row]
        for column in range(columns):
            value = upper[column] + part * (lower[column] - upper[column])
            target[column] = share * target[column] + value


@compiled
def _enlarge(
    target: Float32Array, line: Float32Array, places: CountArray, parts: Float32Array
) -> None:
    """Straight lines between the values of ``line``."""
    for column in range(target.size):
        value = line[places[column]]
        target[column] = value + parts[column] * (line[places[column] + 1] - value)


@compiled
def _blur_line(target: Float32Array, line: Float32Array, taps: Float32Array) -> None:
    """Three taps at a time: the target is read and written a third as often."""
    margin, size = taps.size - 1, target.size
    middle = line[margin : margin + size]
    for i in range(size):
        target[i] = taps[0] * middle[i]
    tap = 1
    while tap + 2 <= margin:
        left0, right0 = line[margin - tap :], line[margin + tap :]
        left1, right1 = line[margin - tap - 1 :], line[margin + tap + 1 :]
        left2, right2 = line[margin - tap - 2 :], line[margin + tap + 2 :]
        t0, t1, t2 = taps[tap], taps[tap + 1], taps[tap + 2]
        for i in range(size):
            target[i] += (
                t0 * (left0[i] + right0[i])
                + t1 * (left1[i] + right1[i])
                + t2 * (left2[i] + right2[i])
            )
        tap += 3
    while tap <= margin:
        _add_scaled_pair(target, taps[tap], line[margin - tap :], line[margin + tap :])
        tap += 1


@compiled
def _blurred_columns(across: Float32Array, taps: Float32Array, lit: CountArray) -> Float32Array:
    """As :func:`_blur_line`, along columns, by whole rows.

    ``lit`` (rows + 1,) counts the rows before each that are not empty: most fields leave some.
    """
    margin = taps.size - 1
    image = np.empty((across.shape[0] - 2 * margin, across.shape[1]), np.float32)
    for row in range(image.shape[0]):
        middle = row + margin
        target, line = image[row], across[middle]
        if lit[row] == lit[row + 2 * margin + 1]:
            target[:] = 0.0
            continue
        for i in range(target.size):
            target[i] = taps[0] * line[i]
        tap = 1
        while tap + 2 <= margin:
            above0, below0 = across[middle - tap], across[middle + tap]
            above1, below1 = across[middle - tap - 1], across[middle + tap + 1]
            above2, below2 = across[middle - tap - 2], across[middle + tap + 2]
            t0, t1, t2 = taps[tap], taps[tap + 1], taps[tap + 2]
            for i in range(target.size):
                target[i] += (
                    t0 * (above0[i] + below0[i])
                    + t1 * (above1[i] + below1[i])
                    + t2 * (above2[i] + below2[i])
                )
            tap += 3
        while tap <= margin:
            _add_scaled_pair(target, taps[tap], across[middle - tap], across[middle + tap])
            tap += 1
    return image


@compiled
def _is_empty(line: FloatArray) -> bool:
    for i in range(line.size):  # noqa: SIM110 - what numba compiles well
        if line[i] != 0.0:
            return False
    return True


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
