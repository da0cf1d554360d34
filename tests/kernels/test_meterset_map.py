"""Meterset maps are exact: moving leaves, moving jaws, two layers, any angle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.units import FloatArray
from gateway.kernels.meterset_map import sweep_aligned, sweep_turned
from gateway.kernels.strip_profiles import sweep_oblique
from tests.kernels.outlines import turned
from tests.kernels.swept import Segment, meterset

ROUNDING = 1e-11
"""Areas are sums of some 1e3 doubles of order 1, each rounded by 1e-16."""
ROWS, COLUMNS = 3, 4


def swept(segment: Segment, rows: int, columns: int, mu: float = 1.0) -> FloatArray:
    """By the kernel for any angle."""
    total, buffer = np.zeros((rows, columns)), np.zeros((rows, columns + 1))
    frames = np.ascontiguousarray(segment.frame[np.newaxis])
    sweep_turned(total, buffer, *_edges(segment, mu), frames)
    return total


def swept_aligned(segment: Segment, rows: int, columns: int, mu: float = 1.0) -> FloatArray:
    """By the kernel for grids along the leaves' travel."""
    total = np.zeros((rows, columns))
    sweep_aligned(total, *_edges(segment, mu), np.ascontiguousarray(segment.frame))
    return total


def swept_oblique(segment: Segment, rows: int, columns: int, mu: float = 1.0) -> FloatArray:
    """By the kernel for oblique angles between jaws that stand still."""
    total = np.zeros((rows, columns))
    sweep_oblique(total, *_edges(segment, mu), np.ascontiguousarray(segment.frame))
    return total


def _edges(segment: Segment, mu: float) -> tuple[FloatArray, ...]:
    return (segment.boundaries, segment.low, segment.high, segment.limits, np.array([0.0, mu]))


place = st.one_of(st.floats(-4.0, 6.0), st.integers(-3, 5).map(float))
"""On a corner of the grid or anywhere."""


@st.composite
def segments(draw: st.DrawFn, angles: st.SearchStrategy[float], mirror: bool = True) -> Segment:
    layers, strips = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    if layers == 0:
        strips = 1

    def places(*shape: int) -> FloatArray:
        size = int(np.prod(shape))
        return np.array(draw(st.lists(place, min_size=size, max_size=size))).reshape(shape)

    widths = draw(st.lists(st.sampled_from([0.5, 1.0, 1.7]), min_size=strips, max_size=strips))
    boundaries = draw(place) + np.concatenate(([0.0], np.cumsum(widths)))
    limits = places(2, 4)
    if draw(st.booleans()):  # jaws that stand still, wide open or on a boundary
        limits[:] = limits[0]
        limits[:, 2] = draw(st.sampled_from([-9.0, *boundaries]))
        limits[:, 3] = draw(st.sampled_from([9.0, *boundaries]))
    frame = turned(draw(angles), draw(st.sampled_from([0.7, 1.0])), draw(place), draw(place))
    if mirror and draw(st.booleans()):  # leaves that travel along the other axis
        frame = frame[:, [1, 0, 2]]
    low = places(2, layers, strips)
    return Segment(boundaries, low, low + np.abs(places(2, layers, strips)) - 1.0, limits, frame)


any_angle = st.one_of(
    st.sampled_from([0.0, 30.0, 45.0, 90.0, 180.0, 270.0]), st.floats(-180.0, 180.0)
)


@settings(max_examples=40, deadline=None)
@given(segments(any_angle))
def test_each_pixel_is_given_what_the_moving_polygon_opens(segment: Segment) -> None:
    np.testing.assert_allclose(
        swept(segment, ROWS, COLUMNS), meterset(segment, ROWS, COLUMNS), rtol=0, atol=ROUNDING
    )


@settings(max_examples=40, deadline=None)
@given(segments(st.floats(-180.0, 180.0)))
def test_between_still_jaws_too(segment: Segment) -> None:
    low, high = segment.limits[0, 2:]
    cut = np.minimum(np.maximum(segment.boundaries, low), max(low, high))
    limits = segment.limits.copy()
    limits[:, 2:] = -1e3, 1e3
    segment = Segment(cut, segment.low, segment.high, limits, segment.frame)
    np.testing.assert_allclose(
        swept_oblique(segment, ROWS, COLUMNS),
        meterset(segment, ROWS, COLUMNS),
        rtol=0,
        atol=ROUNDING,
    )


@settings(max_examples=40, deadline=None)
@given(segments(st.sampled_from([0.0, 180.0]), mirror=False))
def test_on_a_grid_along_the_travel_too(segment: Segment) -> None:
    frame = np.rint(segment.frame[:, :2] * 10.0) / 10.0  # no sine of a half turn
    segment = Segment(
        segment.boundaries,
        segment.low,
        segment.high,
        segment.limits,
        np.column_stack((frame, segment.frame[:, 2])),
    )
    np.testing.assert_allclose(
        swept_aligned(segment, ROWS, COLUMNS),
        meterset(segment, ROWS, COLUMNS),
        rtol=0,
        atol=ROUNDING,
    )


def sweeping_leaves(angle_deg: float, strips: int = 40) -> tuple[Segment, float]:
    """5 mm strips whose gap opens from 2 to 30 mm on its way; the mean area in mm2."""
    way = np.arange(strips, dtype=float)
    low = np.array([-40.0 + way, -10.0 - way])[:, np.newaxis]
    gap = np.array([2.0 + 0.0 * way, 30.0 - 0.5 * way])[:, np.newaxis]
    limits = np.tile([-500.0, 500.0, -500.0, 500.0], (2, 1))
    boundaries = np.linspace(-2.5 * strips, 2.5 * strips, strips + 1)
    segment = Segment(boundaries, low, low + gap, limits, turned(angle_deg, 1.0, 200.0, 200.0))
    return segment, float(5.0 * gap.mean(axis=0).sum())


@pytest.mark.parametrize("angle_deg", [0.0, 7.3, 45.0, 90.0, 180.0, 273.1])
def test_the_meterset_times_area_is_that_of_the_mean_gap(angle_deg: float) -> None:
    segment, expected_mm2 = sweeping_leaves(angle_deg)
    mapped = swept(segment, 400, 400, mu=321.0)
    assert mapped.sum() == pytest.approx(321.0 * expected_mm2, rel=1e-12)
    assert mapped.min() > -1e-9  # the goal: 1e-9 MU
    oblique = swept_oblique(segment, 400, 400, mu=321.0)
    np.testing.assert_allclose(oblique, mapped, rtol=0, atol=1e-9)
    if angle_deg == 0.0:
        assert swept_aligned(segment, 400, 400, mu=321.0).sum() == pytest.approx(
            321.0 * expected_mm2, rel=1e-12
        )


def test_a_jaw_that_closes_across_gives_a_ramp() -> None:
    """A strip of 10 mm with 4 mm open along; the jaw closes it evenly from below."""
    limits = np.array([[-50.0, 50.0, -50.0, 50.0], [-50.0, 50.0, -50.0, 50.0]])
    limits[:, 2] = (0.0, 10.0)
    low = np.full((2, 1, 1), 3.0)
    frame = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    segment = Segment(np.array([0.0, 10.0]), low, low + 4.0, limits, frame)
    ramp = (np.arange(10) + 0.5) / 10.0
    expected = np.zeros((10, 9))
    expected[:, 3:7] = 5.0 * ramp[:, np.newaxis]
    for mapped in (swept(segment, 10, 9, 5.0), swept_aligned(segment, 10, 9, 5.0)):
        np.testing.assert_allclose(mapped, expected, rtol=0, atol=ROUNDING)
