"""Lag: what a readout leaves in the panel for those after it.

The answer to a readout's signal is h(0) delta + sum of b exp(-a k) over the readouts k that follow,
h(0) such that nothing is lost in the end. A frame of several readouts that share its dose evenly
has a closed form, so that a frame costs the same however many readouts it has.
"""

import math
from collections.abc import Sequence

import numpy as np

from gateway.domain.optics import LagTerm
from gateway.domain.units import FloatArray
from gateway.kernels.detector import pass_on_lag
from gateway.kernels.image import Float32Array, add_enlarged, shrunk

_JOINED = 2
_BEFORE = 1
"""What lags is kept for pixels of twice the size: 0.015 of the signal, smooth over a blurred edge
to 1e-4."""


class Lag:
    """The lag of one panel of ``shape`` (rows, columns), and what is waiting in it."""

    def __init__(self, terms: Sequence[LagTerm], shape: tuple[int, int]) -> None:
        self._amplitude = np.array([term.amplitude for term in terms])
        self._keep = np.exp(-np.array([term.rate for term in terms]))
        rows, columns = (math.ceil(side / _JOINED) + 2 * _BEFORE for side in shape)
        self._waiting = np.zeros((len(terms), rows, columns), np.float32)

    def rest(self) -> None:
        """Forget: long enough has passed for the panel to be empty."""
        self._waiting[:] = 0.0

    def after(self, image: Float32Array, readouts: int) -> Float32Array:
        """What is read of ``image`` in ``readouts``, with what earlier images left behind."""
        if not self._waiting.size:
            return image
        at_once, released, kept, held = self._shares(readouts)
        small = shrunk(image, _JOINED, _BEFORE, self._waiting.shape[1:])
        late = pass_on_lag(self._waiting, small, released, kept, held)
        read = image.copy()
        add_enlarged(read, at_once, late, 0.5 * (1 - _JOINED) / _JOINED + _BEFORE, 1 / _JOINED)
        return read

    def _shares(self, readouts: int) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Of the image, read at once; of what waits, read and kept; of the image, held back."""
        keep, total = self._keep, self._amplitude / (1.0 - self._keep)
        kept = keep**readouts
        over = (1.0 - kept) / (1.0 - keep)
        at_once = 1.0 - float(total.sum()) + float((total * (1.0 - keep * over / readouts)).sum())
        return at_once, keep * over, kept, self._amplitude * over / readouts
