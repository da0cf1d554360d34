"""How far rays from one point run inside simple bodies: exact, for a grid of rays.

A ray goes from ``source`` to ``first + column * along + row * down``, all (3,) mm; its path in a
body is the part of that line inside, which has to lie between the two ends. ``path`` (rows,
columns) gets ``factor`` times the length added.
"""

import math

import numpy as np

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled
from gateway.kernels.image import Float32Array


@compiled
def add_ellipsoid(
    path: Float32Array,
    source: FloatArray,
    rays: FloatArray,
    centre: FloatArray,
    semi_axes: FloatArray,
    factor: float,
) -> None:
    """``rays`` (3, 3): first, along, down."""
    start = (source - centre) / semi_axes
    constant = float(start @ start) - 1.0
    for row in range(path.shape[0]):
        for column in range(path.shape[1]):
            square = half = length = 0.0
            for axis in range(3):
                step = _step(source, rays, row, column, axis)
                scaled = step / semi_axes[axis]
                square += scaled * scaled
                half += scaled * start[axis]
                length += step * step
            inside = half * half - square * constant
            if inside > 0.0:
                chord = 2.0 * math.sqrt(inside * length) / square
                path[row, column] += factor * chord


@compiled
def add_rod(
    path: Float32Array,
    source: FloatArray,
    rays: FloatArray,
    start: FloatArray,
    end: FloatArray,
    radius: float,
    factor: float,
) -> None:
    """A cylinder with flat ends; ``rays`` as of :func:`add_ellipsoid`."""
    span = end - start
    height = math.sqrt(span @ span)
    axis = span / height
    begin = source - start
    begin_along = float(begin @ axis)
    constant = float(begin @ begin) - begin_along * begin_along - radius * radius
    for row in range(path.shape[0]):
        for column in range(path.shape[1]):
            length = along = mixed = 0.0
            for i in range(3):
                step = _step(source, rays, row, column, i)
                length += step * step
                along += step * axis[i]
                mixed += step * begin[i]
            square = length - along * along
            half = mixed - along * begin_along
            inside = half * half - square * constant
            if square <= 1e-12 * length:
                low, high = (-np.inf, np.inf) if constant < 0.0 else (0.0, 0.0)
            elif inside <= 0.0:
                continue
            else:
                root = math.sqrt(inside)
                low, high = (-half - root) / square, (-half + root) / square
            low, high = _between(low, high, begin_along, along, 0.0, height)
            if high > low:
                path[row, column] += factor * (high - low) * math.sqrt(length)


@compiled
def add_slab(
    path: Float32Array,
    source: FloatArray,
    rays: FloatArray,
    corners: FloatArray,
    factor: float,
) -> None:
    """A block; ``corners`` (2, 3) low and high, ``rays`` as of :func:`add_ellipsoid`."""
    for row in range(path.shape[0]):
        for column in range(path.shape[1]):
            low, high, length = -np.inf, np.inf, 0.0
            for axis in range(3):
                step = _step(source, rays, row, column, axis)
                length += step * step
                low, high = _between(
                    low, high, source[axis], step, corners[0, axis], corners[1, axis]
                )
            if high > low:
                path[row, column] += factor * (high - low) * math.sqrt(length)


@compiled
def _step(source: FloatArray, rays: FloatArray, row: int, column: int, axis: int) -> float:
    place = rays[0, axis] + column * rays[1, axis] + row * rays[2, axis]
    return float(place - source[axis])


@compiled
def _between(
    low: float, high: float, place: float, step: float, least: float, most: float
) -> tuple[float, float]:
    """The part of [low, high] where place + t * step lies between least and most."""
    if step == 0.0:
        return (low, high) if least < place < most else (0.0, 0.0)
    first, second = (least - place) / step, (most - place) / step
    return max(low, min(first, second)), min(high, max(first, second))
