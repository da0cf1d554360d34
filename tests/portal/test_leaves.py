"""Leaf tips from an image alone, calibrated by the forward model."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.measured_image import MeasuredLeaves
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.leaves import measure_leaves
from tests.portal.simulated import MACHINE, PANEL, exposed, image_of, row

TARGET_MM = 0.05
JAWS = (-90.0, 90.0, -81.0, 79.0)
SURE = 4.0
"""An error of four stated uncertainties has a chance of 1 in 16,000."""


def errors(seen: MeasuredLeaves, low: FloatArray, high: FloatArray) -> tuple[FloatArray, ...]:
    at = seen.pairs - 1
    return seen.low_mm - low[at], seen.high_mm - high[at]


@pytest.mark.parametrize("collimator", [0.0, 30.0, 45.0, 90.0])
@pytest.mark.parametrize("widths", [(15.0, 60.0), (3.0, 12.0)], ids=["wide", "narrow"])
def test_tips_are_seen_within_a_twentieth_of_a_millimetre(
    collimator: float, widths: tuple[float, float]
) -> None:
    random = np.random.default_rng(int(collimator))
    low = random.uniform(-60.0, -20.0, 60) if widths[0] > 10.0 else random.normal(-2.0, 0.05, 60)
    high = low + random.uniform(*widths, 60)
    frame = exposed(row(JAWS, low, high, collimator), 50.0, seed=int(collimator) + 1)
    seen = measure_leaves(image_of(frame, collimator), MACHINE, PANEL)
    assert seen.pairs.size >= 30
    off_deg = (seen.collimator_deg.value - collimator + 180.0) % 360.0 - 180.0
    assert abs(off_deg) < (0.01 if widths[0] > 10.0 else SURE * seen.collimator_deg.u)
    for found, u in zip(errors(seen, low, high), (seen.low_u, seen.high_u), strict=True):
        assert found.std() <= TARGET_MM
        assert abs(found.mean()) <= TARGET_MM
        assert (np.abs(found) < SURE * u).all()


def test_one_leaf_that_is_off_is_the_only_one_seen_off() -> None:
    low, high = np.full(60, -30.0), np.full(60, 30.0)
    low[24] += 0.6
    frame = exposed(row(JAWS, low, high, 0.0), 50.0, seed=2)
    seen = measure_leaves(image_of(frame, 0.0), MACHINE, PANEL)
    off = seen.low_mm + 30.0
    assert off[seen.pairs == 25] == pytest.approx([0.6], abs=TARGET_MM)
    assert (np.abs(off[seen.pairs != 25]) < TARGET_MM).all()


def test_what_is_taken_off_follows_the_model() -> None:
    """The half-height edge of a blurred narrow gap is not where the tip is."""
    blurred = replace(PANEL, blur_sigma_mm=2.0)
    low = np.full(60, -3.5)
    frame = exposed(row(JAWS, low, -low), 50.0, seed=2, panel=blurred)
    seen = measure_leaves(image_of(frame, 0.0), MACHINE, blurred)
    assert np.abs(seen.low_mm + 3.5).max() < TARGET_MM
    assert np.abs(seen.high_mm - 3.5).max() < TARGET_MM


def test_an_edge_that_a_jaw_makes_is_no_tip() -> None:
    frame = exposed(row((-20.0, 90.0, -81.0, 79.0), -60.0, 40.0), 50.0, seed=4)
    seen = measure_leaves(image_of(frame, 0.0), MACHINE, PANEL, {Axis.X1: -20.0})
    assert np.isnan(seen.low_mm).all()
    assert np.abs(seen.high_mm - 40.0).max() < TARGET_MM
