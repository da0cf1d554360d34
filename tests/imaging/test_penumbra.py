"""Round tips, tongues and the source's width: how edges look, against closed forms."""

from dataclasses import replace
from math import erf, exp, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.optics import BeamOptics
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.imaging.penumbra import TIP_WEIGHTS, Penumbra, source_shifts_mm, tip_shifts_mm
from tests.imaging.builders import FIVE_MM, PANEL, centres_mm, crossings, jaws, machine, mlc
from tests.imaging.builders import positions as row_of

GAP_MM = 1.3
FINE = replace(PANEL, rows=400, columns=900, pitch_mm=0.3, blur_sigma_mm=0.75)
PIXEL_MM = FINE.pitch_mm / 1.5
SINGLE = 3e-6
"""Single precision of a sum over a line of pixels, relative."""


def bench(*, fwhm: float = 0.0, transmission: float = 0.0, tongue: float = 0.0) -> MachineModel:
    """A Millennium-like machine with a leaf gap of 1.3 mm."""
    leaves = replace(
        mlc("MLCX", FIVE_MM, transmission),
        dosimetric_leaf_gap_mm=GAP_MM,
        source_distance_mm=510.0,
        tongue_mm=tongue,
    )
    optics = BeamOptics(source_fwhm_mm=fwhm, jaw_distance_mm={"X": 406.0, "Y": 319.0})
    return replace(machine(leaves), optics=optics)


def image_of(model: MachineModel, *rows: FloatArray) -> FloatArray:
    accumulator = FluenceAccumulator(model, FINE)
    for row in rows:
        accumulator.add(row, np.ones(1))
    return accumulator.take().astype(np.float64)


def test_each_tip_takes_half_of_the_leaf_gap() -> None:
    shifts = tip_shifts_mm(GAP_MM)
    assert TIP_WEIGHTS.sum() == pytest.approx(1.0, abs=1e-15)
    assert shifts @ TIP_WEIGHTS == pytest.approx(GAP_MM / 2, abs=1e-12)
    assert (np.diff(shifts) > 0.0).all()


def test_a_tips_quantiles_are_those_of_its_transmission() -> None:
    """exp(-2 sqrt(s / D)) of the rays pass deeper than s: by many quantiles."""
    shifts = tip_shifts_mm(GAP_MM, np.full(20_000, 1 / 20_000))
    for depth in (0.05, 0.2, 1.0, 3.0):
        passing = float((shifts > depth).mean())
        assert passing == pytest.approx(exp(-2.0 * sqrt(depth / GAP_MM)), abs=1e-4)


@pytest.mark.parametrize(
    ("gap", "radius", "mu", "offset"), [(1.3, 80, 0.097, 0.16), (0.86, 160, 0.084, 0.10)]
)
def test_half_of_the_beam_passes_where_radius_and_attenuation_say(
    gap: float, radius: float, mu: float, offset: float
) -> None:
    """PHYSICS: D = M / (2 R mu^2), 50 % at M (ln 2)^2 / (8 R mu^2), M = 1.961; figures rounded."""
    assert 1.961 / (2 * radius * mu**2) == pytest.approx(gap, rel=0.02)
    median = float(np.median(tip_shifts_mm(gap, np.full(20_001, 1 / 20_001))))
    assert median == pytest.approx(gap * np.log(2.0) ** 2 / 4.0, rel=1e-3)
    assert median == pytest.approx(offset, abs=0.006)


def test_the_leaf_gap_is_recovered_from_the_image_of_a_series_of_gaps() -> None:
    """The signal of a gap of g is that of g + D: areas are exact, whatever the blur."""
    gaps = np.array([0.0, 2.0, 5.0, 10.0, 20.0])
    sums = []
    for gap in gaps:
        row = row_of(bench(fwhm=1.5), jaws(-60, 60, -40, 40), {"MLCX": (-gap / 2, gap / 2)})
        image = image_of(bench(fwhm=1.5), row)
        sums.append(image[200].sum() * PIXEL_MM)
    slope, intercept = np.polyfit(gaps, sums, 1)
    assert slope == pytest.approx(1.0, abs=20 * SINGLE)
    assert intercept == pytest.approx(GAP_MM, abs=20 * SINGLE * 20.0)


def exact_edge(distance_mm: FloatArray, sigma_mm: float) -> FloatArray:
    """What lies ``distance_mm`` into the leaf from its tip: the tip's transmission, blurred."""
    step = 0.005
    depth = np.arange(-30.0, 60.0, step) + step / 2
    through = np.where(depth < 0.0, 1.0, np.exp(-2.0 * np.sqrt(np.maximum(depth, 0.0) / GAP_MM)))
    beside = distance_mm[:, np.newaxis] - depth
    weights = np.exp(-0.5 * (beside / sigma_mm) ** 2) * step / (sigma_mm * sqrt(2.0 * np.pi))
    blurred: FloatArray = (weights * through).sum(axis=1)
    return blurred


def test_an_edge_is_the_tips_transmission_blurred_by_source_and_panel() -> None:
    """Four parts of a tip stand for all of it: the edge is right to 0.6 % of its height."""
    model = bench(fwhm=1.5)
    row = row_of(model, jaws(-80, 80, -40, 40), {"MLCX": (-40.0, 10.0)})
    line = image_of(model, row)[200]
    x = centres_mm(FINE.columns, FINE)
    near = np.abs(x - 10.0) < 12.0
    source = 1.5 / 2.3548 * (1500.0 - 510.0) / 510.0
    sigma = np.hypot(source, 0.75) / 1.5
    expected = exact_edge(x[near] - 10.0, sigma)
    np.testing.assert_allclose(line[near], expected, rtol=0, atol=0.006)
    (found,) = crossings(x[near], line[near], 0.5)
    (at,) = crossings(x[near], expected, 0.5)
    assert found == pytest.approx(at, abs=0.015)
    assert found - 10.0 > GAP_MM * np.log(2.0) ** 2 / 4.0  # a blur widens what is not symmetrical


@pytest.mark.parametrize(("axis", "distance"), [("X", 406.0), ("Y", 319.0)])
def test_each_pair_of_jaws_is_as_soft_as_its_distance_makes_it(axis: str, distance: float) -> None:
    """Edges of erf form to 0.3 %: the rest over the leaves' blur is drawn in eight steps."""
    model = bench(fwhm=2.1)
    row = row_of(model, jaws(-60, 20, -60, 20), {"MLCX": (-150.0, 150.0)})
    panel = replace(FINE, rows=900, columns=900)
    accumulator = FluenceAccumulator(model, panel)
    accumulator.add(row, np.ones(1))
    image = accumulator.take().astype(np.float64)
    middle = 450 + round(20.0 / PIXEL_MM)
    line = image[middle] if axis == "X" else image[::-1, 450 - round(20.0 / PIXEL_MM)]
    x = centres_mm(900, panel)
    sigma = np.hypot(2.1 / 2.3548 * (1500.0 - distance) / distance, 0.75) / 1.5
    expected = [0.5 - 0.5 * erf((place - 20.0) / (sqrt(2.0) * sigma)) for place in x]
    near = np.abs(x - 20.0) < 8.0
    np.testing.assert_allclose(line[near], np.array(expected)[near], rtol=0, atol=0.003)


def test_what_the_source_blurs_least_is_left_to_the_panel() -> None:
    """Leaves of a Varian machine are farthest from the source, of an Elekta one nearest to it."""
    varian = Penumbra.of(bench(fwhm=1.5), 1500.0)
    assert varian.blur_mm == pytest.approx(1.5 / 2.3548 * 990.0 / 510.0, rel=1e-4)
    assert not varian.leaves["MLCX"].along.any()
    assert varian.jaws["X"].along.any()
    leaves = replace(bench().mlcs["MLCX"], source_distance_mm=349.0)
    optics = BeamOptics(source_fwhm_mm=1.5, jaw_distance_mm={"Y": 470.0})
    elekta = Penumbra.of(replace(machine(leaves), optics=optics), 1600.0)
    assert elekta.blur_mm == pytest.approx(1.5 / 2.3548 * 1130.0 / 470.0, rel=1e-4)
    assert elekta.leaves["MLCX"].across.any()
    assert not elekta.jaws["Y"].across.any()


def test_shifts_have_nothing_in_common_with_tips_and_little_with_each_other() -> None:
    """Correlated, they would move the field's corners, or what closed leaves leak beside a jaw."""
    penumbra = Penumbra.of(bench(fwhm=1.5), 1500.0)
    weights = penumbra.weights
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)
    along, across = penumbra.jaws["X"].along, penumbra.jaws["Y"].across
    tips = penumbra.tips["MLCX"]
    for shifts in (along, across):
        assert weights @ shifts == pytest.approx(0.0, abs=1e-12)
        assert weights @ (shifts * tips) == pytest.approx(0.0, abs=1e-12)
    product, squares = weights @ (along * across), (weights @ along**2) * (weights @ across**2)
    assert abs(product) < 0.2 * sqrt(squares)


@pytest.mark.parametrize("count", [4, 100])
def test_the_parts_of_a_gaussian_are_as_wide_as_it(count: int) -> None:
    weights = np.full(count, 1.0 / count)
    shifts = source_shifts_mm(2.0, weights)
    assert (np.diff(shifts) > 0.0).all()
    assert sqrt(weights @ shifts**2) == pytest.approx(2.0, abs=1e-12)
    within = NormalDist().inv_cdf(0.75) * 2.0  # half of a Gaussian
    assert (shifts < within).mean() == pytest.approx(0.5, abs=1e-12)


def test_what_leaves_leak_beside_a_jaw_is_the_same_on_both_sides() -> None:
    """Closed leaves outside of a field that the jaws end where its leaves do."""
    model = bench(fwhm=1.5, tongue=0.4)
    middle = np.abs(np.linspace(-197.5, 197.5, 80)) < 10.0
    leaves = {"MLCX": (np.where(middle, -10.0, 0.0), np.where(middle, 10.0, 0.0))}
    image = image_of(model, row_of(model, jaws(-15, 15, -10, 10), leaves))
    np.testing.assert_allclose(image, image[::-1], rtol=0, atol=0.01)
    np.testing.assert_allclose(image, image[::-1, ::-1], rtol=0, atol=3 * SINGLE)


@pytest.mark.parametrize("collimator", [0.0, 7.3, 45.0, 90.0])
def test_areas_are_exact_at_any_angle(collimator: float) -> None:
    """20 pairs of 5 mm, each open by 30 mm and the leaf gap; jaws out of the way."""
    model = bench(fwhm=1.5)
    panel = replace(PANEL, rows=700, columns=700, pitch_mm=0.5)
    where = {**jaws(-190, 190, -50, 50), Axis.COLLIMATOR: collimator}
    steps = np.linspace(-20.0, 20.0, 80)
    row = row_of(model, where, {"MLCX": (steps - 15.0, steps + 15.0)})
    accumulator = FluenceAccumulator(model, panel)
    accumulator.add(row, np.ones(1))
    area = accumulator.take().astype(np.float64).sum() * (0.5 / 1.5) ** 2
    # the jaws across cut leaves that stand elsewhere: their blur adds as much as it takes
    assert area == pytest.approx(100.0 * (30.0 + GAP_MM), rel=2e-6)


@pytest.mark.parametrize("transmission", [0.0, 0.016])
def test_a_tongue_takes_a_strip_from_the_gap_beside_it(transmission: float) -> None:
    """Two fields that abut along a leaf's side: the strip misses twice what a tongue stops."""
    model = bench(transmission=transmission, tongue=0.4)
    plain = bench(transmission=transmission)
    upper = np.arange(80) >= 40
    where = jaws(-40, 40, -60, 60)
    fields = [
        {"MLCX": (np.where(open_, -50.0, -90.0), np.where(open_, 50.0, -90.0))}
        for open_ in (upper, ~upper)
    ]
    with_tongue = image_of(model, *(row_of(model, where, field) for field in fields))
    without = image_of(plain, *(row_of(plain, where, field) for field in fields))
    column = (without - with_tongue)[:, 450]
    missing = column.sum() * PIXEL_MM
    assert missing == pytest.approx(2 * 0.4 * (1.0 - sqrt(transmission)), rel=1e-4)
    y = centres_mm(FINE.rows, FINE)
    assert abs(y[column.argmax()]) < 0.5


def test_leaves_that_stand_together_show_no_tongue() -> None:
    model, plain = bench(tongue=0.4), bench()
    row = row_of(model, jaws(-40, 40, -60, 60), {"MLCX": (-20.0, 20.0)})
    np.testing.assert_allclose(image_of(model, row), image_of(plain, row), rtol=0, atol=SINGLE)
