"""The correction chain: raw counts into calibrated units, and frames into a sum."""

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from gateway.domain.units import PixelArray
from gateway.imaging.raw import RawFrame
from gateway.kernels.detector import SumArray, correct, correct_and_add
from gateway.kernels.image import Float32Array

_REACH = 2
"""How far live neighbours of a dead pixel are looked for, pixels."""


class DeadPixels:
    """The dead pixels of a panel of ``shape`` (rows, columns), by their places in its pixels.

    Each is filled with the mean of the live ones that touch it, or of those around them.
    """

    def __init__(self, places: npt.NDArray[np.intp], shape: tuple[int, int]) -> None:
        self._places = places
        side = range(-_REACH, _REACH + 1)
        steps = np.array([(row, column) for row in side for column in side])
        rows = places[:, np.newaxis] // shape[1] + steps[:, 0]
        columns = places[:, np.newaxis] % shape[1] + steps[:, 1]
        inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        self._neighbours = np.where(inside, rows * shape[1] + columns, 0)
        live = inside & ~np.isin(self._neighbours, places)
        nearest = live & (np.abs(steps).max(axis=1) == 1)
        used = np.where(nearest.any(axis=1, keepdims=True), nearest, live)
        self._weights = used / np.maximum(used.sum(axis=1, keepdims=True), 1)

    def fill(self, image: Float32Array) -> None:
        """Fill them in, in place."""
        if self._places.size:
            pixels = image.reshape(-1)
            pixels[self._places] = (pixels[self._neighbours] * self._weights).sum(axis=1)


@dataclass(frozen=True, slots=True)
class Correction:
    """Dark signal off, divided by the flood field, dead pixels filled in; in CU.

    ``dark`` (rows, columns) is in counts a readout, ``flood`` in counts per CU: what calibration
    frames without a beam and under an open one gave.
    """

    dark: Float32Array
    flood: Float32Array
    dead: DeadPixels

    def apply(self, frame: RawFrame) -> Float32Array:
        """The frame in CU."""
        image = correct(frame.counts, self.dark, self.flood, frame.readouts)
        self.dead.fill(image)
        return image


class FrameSum:
    """Corrects raw frames of 16 bits and sums them, by bands of rows on ``threads`` threads.

    A corrected pixel is ``(raw - dark) * scale``, rounded to 16 bits. ``total`` (rows, columns) is
    the sum of up to 65,536 frames.
    """

    def __init__(self, dark: Float32Array, scale: Float32Array, threads: int | None = None) -> None:
        count = min(threads or os.cpu_count() or 1, dark.shape[0])
        edges = [dark.shape[0] * band // count for band in range(count + 1)]
        self._bands = [slice(*edge) for edge in itertools.pairwise(edges)]
        self._pool = ThreadPoolExecutor(count - 1) if count > 1 else None
        self._dark, self._scale = dark, scale
        self.total: SumArray = np.zeros(dark.shape, np.uint32)

    def add(self, raw: PixelArray) -> int:
        """Add a frame; returns the sum over its corrected pixels.

        Raises ValueError for a frame of another shape.
        """
        if raw.shape != self.total.shape:
            raise ValueError(f"a frame of {raw.shape} is not of the panel's {self.total.shape}")
        add = partial(self._add_band, raw)
        if self._pool is None:
            return add(self._bands[0])
        others = [self._pool.submit(add, band) for band in self._bands[1:]]
        return add(self._bands[0]) + sum(other.result() for other in others)

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()

    def _add_band(self, raw: PixelArray, band: slice) -> int:
        return int(
            correct_and_add(raw[band], self._dark[band], self._scale[band], self.total[band])
        )
