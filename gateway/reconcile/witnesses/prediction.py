"""The portal image that a trajectory should give, through the panel's own forward model."""

import numpy as np

from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.imaging.lag import Lag
from gateway.imaging.readout import ghosting_gain
from gateway.kernels.image import Float32Array
from gateway.reconcile.witnesses.exposures import Exposures


class Predictor:
    """One panel before one beam mode; a flood field is made once for all images."""

    def __init__(self, machine: MachineModel, panel: PanelModel, mode: str | None) -> None:
        self._fluence = FluenceAccumulator(machine, panel, mode=mode)

    def image(self, exposures: Exposures, offsets: FloatArray | float = 0.0) -> Float32Array:
        """(rows, columns) in CU, positions off by ``offsets`` (layout.size; mm or degree)."""
        self._fluence.clear()
        if exposures.meterset_mu.size:
            self._fluence.add(exposures.positions + offsets, exposures.meterset_mu)
        return self._fluence.take()


def panel_answer(panel: PanelModel, readouts: int, span_mu: tuple[float, float]) -> float:
    """The part of the signal that a panel at rest shows of an image: what lags is not read."""
    lag = Lag(panel.lag, (2, 2))
    read = lag.after(np.ones((2, 2), np.float32), readouts)
    return float(read.mean()) * ghosting_gain(panel.ghosting, span_mu)


def shifted(image: Float32Array, columns: float, rows: float) -> Float32Array:
    """``image`` as a panel sees it that stands aside by so many pixels (at most a few).

    Interpolated with the cubic through four neighbours, whose error is far below noise for an
    image blurred by a pixel. Beyond the edge the outermost pixels go on.
    """
    moved = _along(image, columns, 1) if columns else image
    return _along(moved, rows, 0) if rows else moved


def gradients(image: Float32Array) -> tuple[Float32Array, Float32Array]:
    """The change of ``image`` with the panel's place, per pixel of columns and of rows."""
    return _slope(image, 1), _slope(image, 0)


def _along(image: Float32Array, distance: float, axis: int) -> Float32Array:
    whole = int(np.floor(distance))
    t = distance - whole
    weights = (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
    places = np.arange(image.shape[axis])
    moved = np.zeros_like(image)
    for neighbour, weight in enumerate(weights, start=whole - 1):
        row = np.clip(places + neighbour, 0, image.shape[axis] - 1)
        moved += np.float32(weight) * np.take(image, row, axis)
    return moved


def _slope(image: Float32Array, axis: int) -> Float32Array:
    """The eighth-order central difference: right to 1 % for what a blur of a pixel leaves."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (4, 4)
    wide = np.pad(image, padding, mode="edge")
    count = image.shape[axis]
    slope = np.zeros_like(image)
    for reach, weight in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), start=1):
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis] = slice(4 + reach, 4 + reach + count)
        behind[axis] = slice(4 - reach, 4 - reach + count)
        slope += np.float32(weight) * (wide[tuple(ahead)] - wide[tuple(behind)])
    return slope
