"""Narrow gaps: both tips fitted to the image by the forward model (Gauss-Newton)."""

from collections.abc import Callable

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.gaps import Gaps

REACH_MM = 4.0
"""How far beyond its tips a gap's profile is compared."""
STEP_MM = 0.2
"""The shift of a tip by which the model's slope is found."""
CLOSE_MM = 0.002
_ROUNDS = 4
_FARTHEST_MM = 1.0


def fitted_gaps(
    view: BeamView, model: Callable[[Gaps], BeamView], tips: Gaps, chosen: BoolArray
) -> Gaps:
    """The gaps ``chosen`` with both tips moved to where the model's profiles are the image's.

    One brightness is common to all; each gap has a background of its own. What is not chosen
    stays where it is.
    """
    fitted = tips.chosen(chosen)
    starts = fitted.low - REACH_MM
    count = int(np.ceil(float((fitted.width + 2 * REACH_MM).max()) / view.pixel_mm)) + 1
    step = (fitted.width + 2 * REACH_MM) / (count - 1)
    image = _profiles(view, fitted, starts, step, count)
    low, high = tips.low.copy(), tips.high.copy()
    for _ in range(_ROUNDS):

        def seen(low: FloatArray, high: FloatArray) -> FloatArray:
            shown = model(tips.at(low, high))
            return _profiles(shown, fitted, starts, step, count)

        now = seen(low, high)
        by_low = (seen(np.where(chosen, low - STEP_MM, low), high) - now) / -STEP_MM
        by_high = (seen(low, np.where(chosen, high + STEP_MM, high)) - now) / STEP_MM
        brightness = _brightness(image, now)
        steps = _steps(image, brightness * now, brightness * by_low, brightness * by_high)
        steps = np.clip(np.nan_to_num(steps), -_FARTHEST_MM, _FARTHEST_MM)
        low[chosen] += steps[:, 0]
        high[chosen] = np.maximum(high[chosen] + steps[:, 1], low[chosen])
        if np.abs(steps).max() < CLOSE_MM:
            break
    return tips.at(low, high)


def _profiles(
    view: BeamView, gaps: Gaps, starts: FloatArray, step: FloatArray, count: int
) -> FloatArray:
    """The mean profile of each gap's lines, (k, count)."""
    lines = gaps.across.shape[1]
    values = view.lines(
        np.repeat(starts, lines), gaps.across.ravel(), np.repeat(step, lines), count
    )
    profiles: FloatArray = values.reshape(-1, lines, count).mean(axis=1)
    return profiles


def _brightness(image: FloatArray, now: FloatArray) -> float:
    """How much brighter the image is than the model, its own background to each gap."""
    a = now - now.mean(axis=1, keepdims=True)
    b = image - image.mean(axis=1, keepdims=True)
    return float(np.nansum(a * b) / np.nansum(a * a))


def _steps(
    image: FloatArray, now: FloatArray, by_low: FloatArray, by_high: FloatArray
) -> FloatArray:
    """Steps (k, 2) of low and high tip, brightness and backgrounds fitted along with them.

    The brightness is eliminated last: what of it the gaps' own unknowns cannot take up.
    """
    own = np.stack([by_low, by_high, np.ones_like(now)], axis=2)
    inverse = np.linalg.pinv(np.nan_to_num(own))
    residual = np.nan_to_num(image - now)
    shape = np.nan_to_num(now)

    def left(values: FloatArray) -> FloatArray:
        rest: FloatArray = values - np.einsum("knj,kjm,km->kn", own, inverse, values)
        return rest

    shape_left = left(shape)
    scale = float((shape_left * left(residual)).sum() / max(float((shape_left**2).sum()), 1e-300))
    steps: FloatArray = np.einsum("kjm,km->kj", inverse, residual - scale * shape)
    return steps[:, :2]
