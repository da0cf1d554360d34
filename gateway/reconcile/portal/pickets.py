"""Picket fences: the gap of every leaf pair in every picket, and how far it is off its line."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import MlcModel
from gateway.domain.measured_image import Measured, MeasuredPicketFence
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.portal.field import SYSTEMATIC_DEG, WINDOW_MM
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.gaps import MIDDLE_LINES, Gaps, SeenGaps, gaps_of, half_height
from gateway.reconcile.portal.picket_places import Pickets, find_pickets
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.robust import robust_lines
from gateway.reconcile.portal.survey import Survey, survey

LEAST_HEIGHT = 0.5
"""A gap is a picket's where it is at least this part of its median height."""
CENTRE_MM = 0.01
"""What is left in the middle of two edges, beside noise (see docs)."""
_CLOSE_DEG = 0.02
_QUARTER_DEG = 90.0


@dataclass(frozen=True, slots=True)
class _Fence:
    """What is seen with the collimator at one angle; arrays are (pairs, pickets)."""

    view: BeamView
    across: FloatArray
    low: FloatArray
    high: FloatArray
    spread: FloatArray

    @property
    def centre(self) -> FloatArray:
        return 0.5 * (self.low + self.high)


def is_picket_fence(looked: Survey) -> bool:
    """Whether pickets are seen, in one direction or the other."""
    return any(find_pickets(looked, sideways=sideways) for sideways in (False, True))


def measure_picket_fence(image: PortalImage, mlc: MlcModel) -> MeasuredPicketFence:
    """Every gap of every picket.

    A collimator angle that is not stated is taken so that the pickets lie across the travel.
    Raises Unmeasurable where no pickets are seen.
    """
    travel = "Y" if mlc.type == "MLCY" else "X"
    looked = survey(BeamView.of(image, travel), image.collimator_deg)
    pickets = find_pickets(looked, sideways=False)
    if image.collimator_deg is None:
        other = find_pickets(looked, sideways=True)
        if other is not None and (pickets is None or other.rise > pickets.rise):
            turned_deg = looked.view.collimator_deg + _QUARTER_DEG
            looked = survey(BeamView.of(image, travel), turned_deg)
            pickets = find_pickets(looked, sideways=False)
    if pickets is None:
        raise Unmeasurable("no pickets are seen across the leaves' travel")
    fence = _seen(looked.view, mlc, pickets)
    off = _slope(fence)
    if abs(off.value) > _CLOSE_DEG:
        fence = _seen(fence.view.turned(fence.view.collimator_deg + off.value), mlc, pickets)
        off = _slope(fence)
    angle = Measured((fence.view.collimator_deg + off.value) % 360.0, off.u)
    return _measured(fence, mlc, angle)


def _seen(view: BeamView, mlc: MlcModel, pickets: Pickets) -> _Fence:
    count = pickets.low.size
    pair = np.repeat(np.arange(mlc.pairs, dtype=np.float64), count)
    beside = 0.5 * (pickets.spacing_mm - float(np.median(pickets.high - pickets.low)))
    gaps: Gaps = gaps_of(
        mlc,
        pair,
        np.tile(pickets.low, mlc.pairs),
        np.tile(pickets.high, mlc.pairs),
        np.full(pair.size, min(WINDOW_MM, beside)),
        MIDDLE_LINES,
    )
    seen: SeenGaps = half_height(view, gaps, same_level=True)
    shape = (mlc.pairs, count)
    height = np.where(seen.even & np.isfinite(seen.low + seen.high), seen.height, np.nan)
    height = height.reshape(shape)
    good = height > LEAST_HEIGHT * np.nanmedian(height) if np.isfinite(height).any() else height > 0
    kept = _pairs_that_show(good)
    if not kept.any():
        raise Unmeasurable("no leaf pair shows the pickets")
    low = np.where(good & kept[:, np.newaxis], seen.low.reshape(shape), np.nan)
    high = np.where(good & kept[:, np.newaxis], seen.high.reshape(shape), np.nan)
    middle = gaps.across.mean(axis=1).reshape(shape)[:, 0]
    return _Fence(view, middle, low, high, seen.spread.reshape(shape))


def _pairs_that_show(good: BoolArray) -> BoolArray:
    """Pairs with more than half of the pickets."""
    kept: BoolArray = 2 * good.sum(axis=1) > good.shape[1]
    return kept


def _slope(fence: _Fence) -> Measured:
    """What is missing of the collimator angle, degree: the mean slope of the pickets."""
    slopes = robust_lines(fence.across, fence.centre).slope
    slopes = slopes[np.isfinite(slopes)]
    if not slopes.size:
        raise Unmeasurable("no picket is seen by enough leaf pairs")
    degrees = fence.view.slope_sign * np.degrees(slopes)
    u = float(np.std(degrees, ddof=1)) / np.sqrt(slopes.size) if slopes.size > 1 else 1.0
    return Measured(float(degrees.mean()), float(np.hypot(u, SYSTEMATIC_DEG)))


def _measured(fence: _Fence, mlc: MlcModel, angle: Measured) -> MeasuredPicketFence:
    kept = np.isfinite(fence.centre).any(axis=1)
    noise = fence.spread[kept] / np.sqrt(6.0)
    typical = float(np.nanmedian(noise[np.isfinite(fence.centre[kept])]))
    return fence_of(
        mlc,
        angle,
        np.flatnonzero(kept) + 1,
        fence.low[kept],
        fence.high[kept],
        np.hypot(np.maximum(noise, typical), CENTRE_MM),
    )


def fence_of(
    mlc: MlcModel,
    angle: Measured,
    pairs: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    low: FloatArray,
    high: FloatArray,
    centre_u: FloatArray,
    *,
    calibrated: bool = False,
) -> MeasuredPicketFence:
    """A fence of edges or tips (pairs, pickets), with how far each is off its picket's line."""
    across = (0.5 * (mlc.boundaries_mm[:-1] + mlc.boundaries_mm[1:]))[pairs - 1]
    centre = 0.5 * (low + high)
    lines = [robust_lines(across, places) for places in (centre, low, high)]
    centre_error, low_error, high_error = (
        places - line.at(across) for places, line in zip((centre, low, high), lines, strict=True)
    )
    seen = np.maximum(np.isfinite(centre).sum(axis=0), 1)
    return MeasuredPicketFence(
        device=mlc.type,
        collimator_deg=angle,
        pairs=pairs.astype(np.int32),
        picket_mm=lines[0].place,
        picket_u=np.hypot(lines[0].sigma / np.sqrt(seen), CENTRE_MM),
        low_mm=low,
        high_mm=high,
        centre_mm=centre,
        centre_u=centre_u,
        centre_error_mm=centre_error,
        low_error_mm=low_error,
        high_error_mm=high_error,
        calibrated=calibrated,
    )
