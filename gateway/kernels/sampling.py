"""An image's values along lines that cross it at any angle."""

import numpy as np

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled


@compiled
def sample_lines(
    pixels: FloatArray, frame: FloatArray, along: FloatArray, across: FloatArray, step: FloatArray,
    count: int,
) -> FloatArray:  # fmt: skip
    """``count`` values on each of k lines, (k, count), by bilinear interpolation.

    Line i begins at ``(along[i], across[i])`` and goes on by ``step[i]`` along. ``frame`` (2, 3)
    maps (along, across, 1) to (column, row), whole at a pixel's centre. NaN outside the image.
    """
    rows, columns = pixels.shape
    values = np.empty((along.size, count))
    for line in range(along.size):
        u = frame[0, 0] * along[line] + frame[0, 1] * across[line] + frame[0, 2]
        v = frame[1, 0] * along[line] + frame[1, 1] * across[line] + frame[1, 2]
        du, dv = frame[0, 0] * step[line], frame[1, 0] * step[line]
        for i in range(count):
            column, row = int(np.floor(u)), int(np.floor(v))
            if 0.0 <= u <= columns - 1.0 and 0.0 <= v <= rows - 1.0:
                column, row = min(column, columns - 2), min(row, rows - 2)
                right, down = u - column, v - row
                upper = pixels[row, column] * (1.0 - right) + pixels[row, column + 1] * right
                lower = (
                    pixels[row + 1, column] * (1.0 - right) + pixels[row + 1, column + 1] * right
                )
                values[line, i] = upper * (1.0 - down) + lower * down
            else:
                values[line, i] = np.nan
            u += du
            v += dv
    return values


@compiled
def block_means(pixels: FloatArray, side: int) -> FloatArray:
    """The means of blocks of ``side`` x ``side`` pixels; what is left over at the end is not used.

    A pixel that stands out of its block counts like any other.
    """
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    means = np.zeros((rows, columns))
    for row in range(rows * side):
        for column in range(columns):
            total = 0.0
            for i in range(column * side, (column + 1) * side):
                total += pixels[row, i]
            means[row // side, column] += total
    means /= side * side
    return means


@compiled
def edge_moment(
    pixels: FloatArray, step_x: float, step_y: float, least: float
) -> tuple[float, float, float]:
    """The fourth moment of the directions in which an image rises: real, imaginary, weight.

    Each pixel whose gradient (per mm, five points in each direction) is more than ``least`` counts
    with the gradient's square. Directions that differ by quarter turns add up.
    """
    real = imaginary = weight = 0.0
    scale_x, scale_y = 1.0 / (12.0 * step_x), 1.0 / (12.0 * step_y)
    for row in range(2, pixels.shape[0] - 2):
        for column in range(2, pixels.shape[1] - 2):
            near_x = pixels[row, column + 1] - pixels[row, column - 1]
            far_x = pixels[row, column + 2] - pixels[row, column - 2]
            near_y = pixels[row + 1, column] - pixels[row - 1, column]
            far_y = pixels[row + 2, column] - pixels[row - 2, column]
            x, y = (8.0 * near_x - far_x) * scale_x, (8.0 * near_y - far_y) * scale_y
            square = x * x + y * y
            if square > least * least:
                twice_real, twice_imaginary = x * x - y * y, 2.0 * x * y
                real += (twice_real * twice_real - twice_imaginary * twice_imaginary) / square
                imaginary += 2.0 * twice_real * twice_imaginary / square
                weight += square
    return real, imaginary, weight
