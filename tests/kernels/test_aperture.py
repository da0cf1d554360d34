"""The aperture raster is exact: every pixel, every angle, any number of apertures."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.units import FloatArray
from gateway.kernels.aperture import accumulate_apertures
from tests.kernels.outlines import coverage, open_rectangles, rectangle, turned

ROUNDING = 1e-11
"""Pixel areas are sums of some 1e3 doubles of order 1, each rounded by 1e-16."""
FAR = np.array([-1e4, 1e4, -1e4, 1e4])
STRIPS = np.linspace(-200.0, 200.0, 41)


@dataclass(frozen=True)
class Sketch:
    boundaries: FloatArray
    low: FloatArray
    high: FloatArray
    limits: FloatArray
    frame: FloatArray


def drawn(sketches: list[Sketch], weights: list[float], rows: int, columns: int) -> FloatArray:
    buffer = np.zeros((rows, columns + 1))
    accumulate_apertures(
        buffer,
        sketches[0].boundaries,
        np.array([sketch.low for sketch in sketches]),
        np.array([sketch.high for sketch in sketches]),
        np.array([sketch.limits for sketch in sketches]),
        np.array([sketch.frame for sketch in sketches]),
        np.array(weights),
    )
    image: FloatArray = buffer.cumsum(axis=1)[:, :-1]
    return image


def by_hand(sketch: Sketch, rows: int, columns: int) -> FloatArray:
    covered = np.zeros((rows, columns))
    for sides in open_rectangles(sketch.boundaries, sketch.low, sketch.high, sketch.limits):
        covered += coverage(rectangle(sides, sketch.frame), rows, columns)
    return covered


ROWS, COLUMNS = 9, 11
reach = st.floats(-12.0, 12.0)


@st.composite
def sketches(draw: st.DrawFn, strips: int = 4) -> Sketch:
    gaps = draw(st.lists(st.floats(0.0, 5.0), min_size=strips, max_size=strips))
    boundaries = draw(st.floats(-10.0, 0.0)) + np.concatenate(([0.0], np.cumsum(gaps)))
    low = np.array(draw(st.lists(reach, min_size=strips, max_size=strips)))
    widths = np.array(draw(st.lists(st.floats(-4.0, 9.0), min_size=strips, max_size=strips)))
    limits = np.array(
        [*sorted(draw(st.tuples(reach, reach))), *sorted(draw(st.tuples(reach, reach)))]
    )
    angle = draw(st.one_of(st.sampled_from([0.0, 45.0, 90.0, 180.0, 270.0]), st.floats(-180, 180)))
    frame = turned(angle, draw(st.floats(0.3, 2.0)), draw(reach), draw(reach))
    if draw(st.booleans()):  # leaves that travel along the other axis
        frame = frame[:, [1, 0, 2]]
    return Sketch(boundaries, low, low + widths, limits, frame)


@given(sketches())
def test_each_pixel_is_covered_as_polygon_clipping_says(sketch: Sketch) -> None:
    image = drawn([sketch], [1.0], ROWS, COLUMNS)
    np.testing.assert_allclose(image, by_hand(sketch, ROWS, COLUMNS), rtol=0, atol=ROUNDING)


@given(st.lists(st.tuples(sketches(), st.floats(-3.0, 3.0)), min_size=1, max_size=4))
def test_apertures_add_up(parts: list[tuple[Sketch, float]]) -> None:
    boundaries = parts[0][0].boundaries
    same = [Sketch(boundaries, s.low, s.high, s.limits, s.frame) for s, _ in parts]
    weights = [weight for _, weight in parts]
    one_by_one = sum(
        drawn([sketch], [weight], ROWS, COLUMNS)
        for sketch, weight in zip(same, weights, strict=True)
    )
    together = drawn(same, weights, ROWS, COLUMNS)
    np.testing.assert_allclose(together, one_by_one, rtol=0, atol=ROUNDING)


@given(sketches(), st.integers(-3, 3), st.integers(-3, 3))
def test_moving_by_whole_pixels_moves_the_image(sketch: Sketch, down: int, right: int) -> None:
    far = 5
    frame = sketch.frame + np.array([[0.0, 0.0, far], [0.0, 0.0, far]])
    moved = frame + np.array([[0.0, 0.0, right], [0.0, 0.0, down]])
    rows, columns = ROWS + 2 * far, COLUMNS + 2 * far
    still, shifted = (
        drawn(
            [Sketch(sketch.boundaries, sketch.low, sketch.high, sketch.limits, f)],
            [1.0],
            rows,
            columns,
        )
        for f in (frame, moved)
    )
    np.testing.assert_allclose(
        shifted[far + down : far + down + ROWS, far + right : far + right + COLUMNS],
        still[far : far + ROWS, far : far + COLUMNS],
        rtol=0,
        atol=ROUNDING,
    )


def staircase(angle_deg: float) -> tuple[Sketch, float]:
    """Forty 10 mm strips with gaps of 0 to 150 mm, at 4.5 pixels per mm; their area in pixels."""
    place = np.arange(40)
    low, high = -75.0 + place, -75.0 + place + 3.75 * place
    per_mm = 1.5 / 0.336
    expected = 10.0 * (high - low).sum() * per_mm**2
    return Sketch(STRIPS, low, high, FAR, turned(angle_deg, per_mm, 1300.0, 1300.0)), expected


@pytest.mark.parametrize("angle_deg", [0.0, 7.3, 45.0, 90.0, 273.1])
def test_the_area_is_that_of_the_gaps(angle_deg: float) -> None:
    sketch, expected = staircase(angle_deg)
    image = drawn([sketch], [1.0], 2600, 2600)
    assert image.sum() == pytest.approx(expected, rel=1e-9)  # asked: 1e-6; doubles do better
    assert image.min() > -ROUNDING
    assert image.max() < 1.0 + ROUNDING


def test_closed_and_crossed_pairs_leave_nothing() -> None:
    low = np.linspace(-50.0, 50.0, 40)
    for high in (low, low - 5.0):
        image = drawn(
            [Sketch(STRIPS, low, high, FAR, turned(30.0, 0.5, 50.0, 50.0))], [1.0], 100, 100
        )
        assert not image.any()


def test_what_misses_the_grid_leaves_nothing_on_it() -> None:
    low, high = np.full(40, -5.0), np.full(40, 5.0)
    for u, v in ((-300.0, 50.0), (400.0, 50.0), (50.0, -300.0), (50.0, 400.0)):
        frame = turned(20.0, 0.5, u, v)
        buffer = drawn([Sketch(STRIPS, low, high, FAR, frame)], [1.0], 100, 100)
        np.testing.assert_allclose(buffer, 0.0, atol=ROUNDING)


@settings(max_examples=20)
@given(st.floats(-180.0, 180.0))
def test_an_aperture_larger_than_the_grid_fills_it(angle_deg: float) -> None:
    low, high = np.full(40, -200.0), np.full(40, 200.0)
    sketch = Sketch(STRIPS, low, high, FAR, turned(angle_deg, 1.0, 50.0, 50.0))
    np.testing.assert_allclose(drawn([sketch], [2.0], 100, 100), 2.0, rtol=0, atol=ROUNDING)
