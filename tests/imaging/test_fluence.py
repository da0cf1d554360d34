"""How much reaches the panel."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.errors import ConfigError
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator, field_exceeds_panel
from gateway.imaging.strips import Strips
from tests.imaging.builders import (
    DUAL,
    FIVE_MM,
    PANEL,
    SINGLE,
    centres_mm,
    jaws,
    machine,
    mlc,
    positions,
)

SINGLE_PRECISION = 2e-6
"""Images are float32 (6e-8) and blurred by 17 taps twice."""
OPEN = jaws(-50.0, 50.0, -50.0, 50.0)


def taken(accumulator: FluenceAccumulator, rows: FloatArray, mu: FloatArray) -> FloatArray:
    accumulator.add(rows, mu)
    return accumulator.take().astype(np.float64)


@pytest.mark.parametrize("sigma_mm", [0.0, 0.75, 3.0, 40.0])
def test_one_mu_of_the_reference_field_is_one_cu(sigma_mm: float) -> None:
    """The middle of an even panel is a corner of four pixels; the blur there is flat to 1e-4."""
    panel = replace(PANEL, blur_sigma_mm=sigma_mm)
    image = taken(FluenceAccumulator(SINGLE, panel), positions(SINGLE, OPEN), np.array([3.0]))
    middle = image[249:251, 259:261]
    np.testing.assert_allclose(middle, 3.0, rtol=1e-4)


def test_leaves_let_their_transmission_through_and_jaws_nothing() -> None:
    row = positions(SINGLE, OPEN, {"MLCX": (-20.0, -20.0)})
    image = taken(FluenceAccumulator(SINGLE, PANEL), row, np.array([10.0]))
    x, y = centres_mm(PANEL.columns), centres_mm(PANEL.rows)
    inside = np.ix_(np.abs(y) < 45.0, np.abs(x) < 45.0)  # five blurs off the edges
    np.testing.assert_allclose(image[inside], 0.16, rtol=0, atol=10 * SINGLE_PRECISION)
    outside = (np.abs(y) > 55.0)[:, np.newaxis] | (np.abs(x) > 55.0)
    np.testing.assert_allclose(image[outside], 0.0, rtol=0, atol=10 * SINGLE_PRECISION)


def test_jaws_may_be_given_a_transmission() -> None:
    accumulator = FluenceAccumulator(SINGLE, PANEL, jaw_transmission=0.004)
    image = taken(accumulator, positions(SINGLE, OPEN), np.array([10.0]))
    assert image[10, 10] == pytest.approx(0.04, abs=10 * SINGLE_PRECISION)
    assert image[250, 260] == pytest.approx(10.0, abs=10 * SINGLE_PRECISION)
    again = taken(accumulator, positions(SINGLE, OPEN), np.array([1.0]))
    assert again[10, 10] == pytest.approx(0.004, abs=SINGLE_PRECISION)


def test_two_layers_let_through_the_product_of_both() -> None:
    """Distal open from -30 to 30 mm, proximal from 0 to 60 mm: four bands along X."""
    leaves = {"MLCX1": (-30.0, 30.0), "MLCX2": (0.0, 60.0)}
    row = positions(DUAL, jaws(-140.0, 140.0, -50.0, 50.0), leaves)
    image = taken(FluenceAccumulator(DUAL, PANEL), row, np.array([1.0]))
    middle = image[250]
    x = centres_mm(PANEL.columns)
    for low, high, expected in (
        (-100.0, -30.0, 0.02 * 0.03),
        (-30.0, 0.0, 0.03),
        (0.0, 30.0, 1.0),
        (30.0, 60.0, 0.02),
        (60.0, 100.0, 0.02 * 0.03),
    ):
        band = middle[(x > low + 5.0) & (x < high - 5.0)]
        assert band.size > 0
        np.testing.assert_allclose(band, expected, rtol=0, atol=SINGLE_PRECISION)


def test_the_layers_are_half_a_leaf_apart() -> None:
    """Pair 15 of the distal and pairs 15 and 16 of the proximal layer share 5 mm strips."""
    distal = np.where(np.arange(28) == 14, 20.0, -20.0)
    proximal = np.where(np.arange(29) == 14, 20.0, -20.0)
    leaves = {"MLCX1": (-20.0, distal), "MLCX2": (-20.0, proximal)}
    row = positions(DUAL, jaws(-140.0, 140.0, -140.0, 140.0), leaves)
    sharp = replace(PANEL, blur_sigma_mm=0.0)
    image = taken(FluenceAccumulator(DUAL, sharp), row, np.array([1.0]))
    y = centres_mm(PANEL.rows)[::-1]
    column = image[:, 260]
    bands = {(0.0, 5.0): 1.0, (-5.0, 0.0): 0.02, (5.0, 10.0): 0.03, (-15.0, -5.0): 0.0006}
    for (low, high), expected in bands.items():
        np.testing.assert_allclose(
            column[(y > low + 1.0) & (y < high - 1.0)], expected, rtol=0, atol=SINGLE_PRECISION
        )


edges = st.lists(st.floats(-50.0, 50.0), min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def stacks(draw: st.DrawFn) -> Strips:
    boundaries = np.array(draw(edges))
    count = boundaries.size - 1
    side = st.lists(st.floats(-50.0, 50.0), min_size=count, max_size=count)
    return Strips(boundaries, np.array([draw(side)]), np.array([draw(side)]))


def is_open(strips: Strips, along: float, across: float) -> bool:
    return any(
        strips.boundaries[n] < across < strips.boundaries[n + 1]
        and strips.low[0, n] < along < strips.high[0, n]
        for n in range(strips.low.shape[1])
    )


@given(stacks(), stacks(), st.floats(-60.0, 60.0), st.floats(-60.0, 60.0))
def test_an_intersection_is_open_where_both_are(
    one: Strips, other: Strips, along: float, across: float
) -> None:
    on_an_edge = across in {*one.boundaries.tolist(), *other.boundaries.tolist()}
    expected = is_open(one, along, across) and is_open(other, along, across)
    if not on_an_edge:
        assert is_open(one.intersected(other), along, across) == expected


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 12))
def test_splitting_and_merging_exposures_changes_nothing(places: list[int], cut: int) -> None:
    """Rows that repeat are merged; what is given in two calls is what is given in one."""
    shapes = np.concatenate(
        [positions(SINGLE, OPEN, {"MLCX": (-10.0 * n, 5.0 + n)}) for n in range(4)]
    )
    rows = shapes[places]
    mu = 0.25 + np.arange(len(places), dtype=np.float64)
    accumulator = FluenceAccumulator(SINGLE, PANEL)
    together = taken(accumulator, rows, mu)
    for part in (slice(None, cut), slice(cut, None)):
        accumulator.add(rows[part], mu[part])
    apart = accumulator.take().astype(np.float64)
    alone = sum(taken(accumulator, rows[n : n + 1], mu[n : n + 1]) for n in range(len(places)))
    tolerance = SINGLE_PRECISION * mu.sum()
    np.testing.assert_allclose(apart, together, rtol=0, atol=tolerance)
    np.testing.assert_allclose(alone, together, rtol=0, atol=tolerance)


def test_take_empties_the_accumulator() -> None:
    accumulator = FluenceAccumulator(SINGLE, PANEL)
    assert taken(accumulator, positions(SINGLE, OPEN), np.ones(1)).max() > 0.9
    assert not accumulator.take().any()


def test_a_field_beyond_the_panel_keeps_its_level_up_to_the_border() -> None:
    """The blur sees the field that lies outside: nothing is lost at the border."""
    image = taken(
        FluenceAccumulator(SINGLE, PANEL),
        positions(SINGLE, jaws(-200.0, 200.0, -200.0, 200.0)),
        np.ones(1),
    )
    np.testing.assert_allclose(image, 1.0, rtol=0, atol=SINGLE_PRECISION)


def test_a_field_that_misses_the_panel_leaves_nothing() -> None:
    row = positions(SINGLE, jaws(150.0, 190.0, 150.0, 190.0))
    assert (
        np.abs(taken(FluenceAccumulator(SINGLE, PANEL), row, np.ones(1))).max() < SINGLE_PRECISION
    )


HALF_X, HALF_Y = 520 * 0.8 / 3.0, 500 * 0.8 / 3.0
"""Half of the panel, mm at the isocentre."""


@pytest.mark.parametrize(
    ("axes", "leaves", "exceeds"),
    [
        (jaws(-100.0, 100.0, -100.0, 100.0), (-200.0, 200.0), False),
        (jaws(-100.0, HALF_X + 0.01, -100.0, 100.0), (-200.0, 200.0), True),
        (jaws(-100.0, HALF_X - 0.01, -100.0, HALF_Y - 0.01), (-200.0, 200.0), False),
        (jaws(-100.0, 100.0, -HALF_Y - 0.01, 100.0), (-200.0, 200.0), True),
        (jaws(-100.0, 100.0, -100.0, 100.0, 45.0), (-200.0, 200.0), True),
        (jaws(-200.0, 200.0, -100.0, 100.0), (-40.0, 40.0), False),
        (jaws(-200.0, 200.0, -200.0, 200.0), (-40.0, -40.0), False),
    ],
    ids=["inside", "wide", "just inside", "long", "turned corners", "leaves cut", "closed"],
)
def test_fields_larger_than_the_panel_are_told(
    axes: dict[Axis, float], leaves: tuple[float, float], exceeds: bool
) -> None:
    row = positions(SINGLE, axes, {"MLCX": leaves})
    small = positions(SINGLE, jaws(-1.0, 1.0, -1.0, 1.0))
    assert field_exceeds_panel(SINGLE, PANEL, row) is exceeds
    assert field_exceeds_panel(SINGLE, PANEL, np.concatenate((small, row, small))) is exceeds


@pytest.mark.parametrize(
    ("rows", "mu", "wrong"),
    [
        (np.zeros((2, 3)), np.ones(2), "layout"),
        (np.zeros((2, SINGLE.layout.size)), np.ones(3), "layout"),
        (np.zeros((1, SINGLE.layout.size)), np.array([-1.0]), "negative"),
        (np.zeros((1, SINGLE.layout.size)), np.array([np.nan]), "finite"),
        (np.full((1, SINGLE.layout.size), np.nan), np.ones(1), "finite"),
    ],
)
def test_exposures_that_make_no_sense_are_refused(
    rows: FloatArray, mu: FloatArray, wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        FluenceAccumulator(SINGLE, PANEL).add(rows, mu)


def test_machines_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ConfigError, match="along X and along Y"):
        FluenceAccumulator(machine(mlc("MLCX", FIVE_MM), mlc("MLCY", FIVE_MM)), PANEL)
    with pytest.raises(ConfigError, match="along Y"):
        FluenceAccumulator(machine(jaws=(Axis.X1, Axis.X2)), PANEL)
