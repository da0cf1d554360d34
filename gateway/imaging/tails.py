"""The wide part of the panel's kernel: radiation and light that spread inside the panel.

Tails are smooth over several pixels, so they are convolved on a grid of larger ones, by a discrete
Fourier transform with room for the tail around the panel: nothing comes back on the other side, and
what falls beside the panel spreads nothing into it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.domain.optics import ScatterTail
from gateway.kernels.image import Float32Array, add_enlarged, shrunk

_PIXELS_A_RANGE = 5.0
"""Pixels are joined as long as a tail's range is at least so many of the larger ones."""
_REACH_RANGES = 8.0
"""How many ranges are kept around the panel: 0.3 % of a tail lies beyond."""
_BEFORE = 1
_FACTORS = (2, 3, 5)


class Tails:
    """Adds the tails of one panel to images of ``shape`` (rows, columns) with ``pitch_mm``.

    ``blurred_mm`` is the Gaussian of the panel that such an image has been given already, which
    the tails do not have.
    """

    def __init__(
        self,
        tails: Sequence[ScatterTail],
        shape: tuple[int, int],
        pitch_mm: float,
        blurred_mm: float,
    ) -> None:
        self._own = 1.0 - sum(tail.share for tail in tails)
        steps = sorted({_step(tail.range_mm, pitch_mm) for tail in tails})
        self._levels = [
            _Level(
                [tail for tail in tails if _step(tail.range_mm, pitch_mm) == step],
                shape,
                pitch_mm,
                step,
                blurred_mm,
            )
            for step in steps
        ]

    def add_to(self, image: Float32Array) -> None:
        """Spread ``image``, in place: what the tails take is taken from it."""
        if not self._levels:
            return
        coarser: _Spread | None = None
        for level in reversed(self._levels):
            spread = _Spread(level.spread(image), level.step)
            if coarser is not None:
                coarser.add_to(spread)
            coarser = spread
        if coarser is not None:
            coarser.add_to_image(image, self._own)


@dataclass(frozen=True, slots=True)
class _Spread:
    """What tails give, on larger pixels of ``step`` x ``step`` of the panel's."""

    values: Float32Array
    step: int

    def add_to(self, finer: "_Spread") -> None:
        """Add to smaller pixels: to those which the panel, or its border, lies in."""
        ratio = finer.step / self.step
        first = (0.5 * (finer.step - self.step) - _BEFORE * finer.step) / self.step + _BEFORE
        rows, columns = (
            min(theirs, int((mine - 1 - first) / ratio))
            for mine, theirs in zip(self.values.shape, finer.values.shape, strict=True)
        )
        add_enlarged(finer.values[:rows, :columns], 1.0, self.values, first, ratio)

    def add_to_image(self, image: Float32Array, own: float) -> None:
        """Add to ``own`` times the image."""
        first = 0.5 * (1 - self.step) / self.step + _BEFORE
        add_enlarged(image, own, self.values, first, 1.0 / self.step)


class _Level:
    """Tails that are convolved on the same larger pixels."""

    def __init__(
        self,
        tails: Sequence[ScatterTail],
        shape: tuple[int, int],
        pitch_mm: float,
        step: int,
        blurred_mm: float,
    ) -> None:
        self.step = step
        large_mm = pitch_mm * step
        reach = math.ceil(_REACH_RANGES * max(tail.range_mm for tail in tails) / large_mm)
        rows, columns = (_quick(math.ceil(side / step) + 2 * _BEFORE + reach) for side in shape)
        self._shape = (rows, columns)
        ky = 2.0 * np.pi * np.fft.fftfreq(rows, large_mm)[:, np.newaxis]
        kx = 2.0 * np.pi * np.fft.rfftfreq(columns, large_mm)
        squared = kx**2 + ky**2
        transfer = np.zeros(squared.shape)
        for tail in tails:
            transfer += tail.share / (1.0 + squared * tail.range_mm**2) ** 1.5
        # joined pixels are means, and lines are drawn between them: both widen the tail
        widened = (np.sinc(kx * large_mm / (2 * np.pi)) * np.sinc(ky * large_mm / (2 * np.pi))) ** (
            1 if step == 1 else 3
        )
        sharpening = np.exp(0.5 * np.minimum(squared * blurred_mm**2, 2.0))
        self._transfer = (transfer * sharpening / np.maximum(widened, 0.2)).astype(np.float32)

    def spread(self, image: Float32Array) -> Float32Array:
        """What the tails make of ``image``, on the larger pixels."""
        small = shrunk(image, self.step, _BEFORE, self._shape)
        spread = np.fft.irfft2(np.fft.rfft2(small) * self._transfer, s=self._shape)
        return spread.astype(np.float32, copy=False)


def _step(range_mm: float, pitch_mm: float) -> int:
    """How many pixels are joined along a side, a power of two."""
    most = range_mm / (_PIXELS_A_RANGE * pitch_mm)
    return int(2 ** max(0, math.floor(math.log2(most)))) if most >= 1.0 else 1


def _quick(least: int) -> int:
    """The smallest size of at least ``least`` that a Fourier transform is quick at."""
    size = least
    while True:
        rest = size
        for factor in _FACTORS:
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 1
