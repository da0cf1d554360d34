"""The tips that make a picket fence, by the forward model: what blur hides of one leaf's error."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.measured_image import MeasuredPicketFence
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.field import WINDOW_MM
from gateway.reconcile.portal.gaps import MIDDLE_LINES, Gaps, gaps_of, half_height
from gateway.reconcile.portal.model import ModelView, only_mlc, positions_row, travel_of
from gateway.reconcile.portal.pickets import fence_of

_ROUNDS = 4
_LEAST_GAIN, _LARGEST_GAIN = 0.3, 1.0


def calibrated_fence(
    image: PortalImage, machine: MachineModel, panel: PanelModel, seen: MeasuredPicketFence
) -> MeasuredPicketFence:
    """The fence with both tips of every gap where the model shows them as the image does.

    Every picket is one exposure of the same meterset. Jaws stand beside the outermost pairs that
    are seen. Raises Unmeasurable for a machine without one MLC.
    """
    mlc = only_mlc(machine)
    model = ModelView(image, machine, panel)
    gaps = _gaps(seen, machine)
    shown_rows = _Rows(machine, seen)
    low, high = gaps.low.copy(), gaps.high.copy()
    gain, before = 1.0, np.nan
    for _ in range(_ROUNDS):
        rows = shown_rows.at(low, high)
        angle = seen.collimator_deg.value
        shown = half_height(model.view(rows, np.ones(len(rows)), angle), gaps, same_level=True)
        off_low, off_high = gaps.low - shown.low, gaps.high - shown.high
        width = float(np.nanmedian(off_high - off_low))
        if np.isfinite(before) and before:  # how far the last step has brought the widths
            gain = float(np.clip(gain * (1.0 - width / before), _LEAST_GAIN, _LARGEST_GAIN))
        before = width
        low = low + np.nan_to_num(off_low) / gain
        high = np.maximum(high + np.nan_to_num(off_high) / gain, low)
    shape = seen.centre_mm.shape
    there = np.isfinite(seen.centre_mm)
    return fence_of(
        mlc,
        seen.collimator_deg,
        seen.pairs.astype(np.intp),
        np.where(there, low.reshape(shape), np.nan),
        np.where(there, high.reshape(shape), np.nan),
        seen.centre_u,
        calibrated=True,
    )


def _gaps(seen: MeasuredPicketFence, machine: MachineModel) -> Gaps:
    """Where the fence's gaps were measured; those that are missing stand at their picket."""
    spacing = float(np.median(np.diff(seen.picket_mm)))
    half = 0.5 * float(np.nanmedian(seen.high_mm - seen.low_mm))
    pair = np.repeat(seen.pairs - 1.0, seen.picket_mm.size)
    low = np.where(np.isfinite(seen.low_mm), seen.low_mm, seen.picket_mm - half).ravel()
    high = np.where(np.isfinite(seen.high_mm), seen.high_mm, seen.picket_mm + half).ravel()
    beside = min(WINDOW_MM, 0.5 * spacing - half)
    return gaps_of(only_mlc(machine), pair, low, high, np.full(pair.size, beside), MIDDLE_LINES)


class _Rows:
    """Positions of one exposure a picket."""

    def __init__(self, machine: MachineModel, seen: MeasuredPicketFence) -> None:
        mlc = only_mlc(machine)
        edges = (
            float(mlc.boundaries_mm[seen.pairs[0] - 1]),
            float(mlc.boundaries_mm[seen.pairs[-1]]),
        )
        axes = (Axis.Y1, Axis.Y2) if travel_of(machine) == "X" else (Axis.X1, Axis.X2)
        self._jaws = dict(zip(axes, edges, strict=True))
        self._machine = machine
        self._seen = seen
        self._pairs = mlc.pairs

    def at(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """(pickets, layout.size)."""
        shape = self._seen.centre_mm.shape
        banks = np.full((2, shape[1], self._pairs), np.nan)
        banks[:, :, self._seen.pairs - 1] = [low.reshape(shape).T, high.reshape(shape).T]
        angle = self._seen.collimator_deg.value
        return np.array(
            [
                positions_row(self._machine, angle, self._jaws, *picket)
                for picket in banks.transpose(1, 0, 2)
            ]
        )
