"""Angles unwrapped by direction and placed in the range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.machine import AxisLimits
from gateway.planning.rotations import place, unwrap

VARIAN = AxisLimits(-185.0, 185.0, 6.0, 6.0)
ELEKTA = AxisLimits(-180.0, 180.0, 6.0, 6.0)
ROUNDING_DEG = 1e-9


@pytest.mark.parametrize(
    ("axis", "stated", "direction", "expected"),
    [
        (Axis.GANTRY, [350, 10], "CW", [350, 370]),
        (Axis.GANTRY, [10, 350], "CC", [10, -10]),
        (Axis.GANTRY, [181, 179], "CW", [181, 539]),
        (Axis.GANTRY, [179, 181], "CC", [179, -179]),
        (Axis.GANTRY, [170, 190], "CW", [170, 190]),
        (Axis.GANTRY, [180, 180], "CW", [180, 540]),
        (Axis.GANTRY, [180, 180], "CC", [180, -180]),
        (Axis.GANTRY, [180, 180], "NONE", [180, 180]),
        (Axis.GANTRY, [350, 10], "NONE", [350, 370]),
        (Axis.GANTRY, [0, 180], "CW", [0, 180]),
        (Axis.GANTRY, [0, 180], "CC", [0, -180]),
        (Axis.COLLIMATOR, [350, 10], "CC", [350, 370]),
        (Axis.COLLIMATOR, [10, 350], "CW", [10, -10]),
        (Axis.COUCH_ROTATION, [0, 30], "CC", [0, 30]),
        (Axis.COUCH_ROTATION, [30, 330], "CW", [30, -30]),
        (Axis.COUCH_PITCH, [359, 1], "CW", [359, 361]),
    ],
)
def test_direction_decides_the_way(axis, stated, direction, expected):
    path = unwrap(axis, np.array(stated, dtype=float), (direction,) * len(stated))
    np.testing.assert_allclose(path, expected, rtol=0, atol=ROUNDING_DEG)


@given(
    st.lists(st.floats(0, 359.999), min_size=2, max_size=40),
    st.data(),
    st.sampled_from([Axis.GANTRY, Axis.COLLIMATOR]),
)
def test_unwrapped_is_the_same_angle_and_goes_the_stated_way(stated, data, axis):
    directions = data.draw(
        st.lists(st.sampled_from(["CW", "CC", "NONE"]), min_size=len(stated), max_size=len(stated))
    )
    path = unwrap(axis, np.array(stated), tuple(directions))
    apart = (path - np.array(stated) + 180.0) % 360.0 - 180.0
    # a full turn is told from none to 1e-6 degree
    np.testing.assert_allclose(apart, 0.0, atol=1e-7)
    upwards = "CW" if axis is Axis.GANTRY else "CC"
    for step, direction in zip(np.diff(path), directions, strict=False):
        if direction == "NONE":
            assert abs(step) <= 180.0 + ROUNDING_DEG
        else:
            assert step * (1 if direction == upwards else -1) > 0
            assert abs(step) <= 360.0 + 1e-5


@pytest.mark.parametrize(
    ("path", "limits", "expected"),
    [
        ([181, 539], VARIAN, [-179, 179]),
        ([179, -179], VARIAN, [179, -179]),
        ([178, 182], VARIAN, [178, 182]),
        ([182, 178], VARIAN, [182, 178]),
        ([181, 181], VARIAN, [-179, -179]),
        ([180, 180], VARIAN, [180, 180]),
        ([180, 540], ELEKTA, [-180, 180]),
        ([359.5, 359.5], AxisLimits(-3.0, 3.0, 1.0, 1.0), [-0.5, -0.5]),
        ([270, 270], AxisLimits(-175.0, 175.0, 15.0, 15.0), [-90, -90]),
    ],
)
def test_placed_by_full_turns_nearest_to_zero(path, limits, expected):
    placed = place(np.array(path, dtype=float), limits)
    np.testing.assert_allclose(placed, expected, rtol=0, atol=ROUNDING_DEG)


@given(st.floats(-720, 720), st.floats(0, 369))
def test_whatever_fits_is_placed_in_range(start, extent):
    path = np.array([start, start + extent])
    placed = place(path, VARIAN)
    turns = np.arange(-5, 6) * 360.0
    fits = ((path[0] + turns >= -185.0) & (path[1] + turns <= 185.0)).any()
    assert ((placed >= -185.0 - 1e-3) & (placed <= 185.0 + 1e-3)).all() or not fits
    assert (placed[1] - placed[0]) == pytest.approx(extent, abs=ROUNDING_DEG)
