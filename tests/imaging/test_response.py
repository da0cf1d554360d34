"""The panel's kernel, the beam's profile and head scatter, and where panel and source stand."""

from dataclasses import replace
from math import erf, sqrt

import numpy as np
import pytest
from scipy.signal import fftconvolve

from gateway.domain.axes import Axis
from gateway.domain.machine import PanelModel
from gateway.domain.optics import LEVEL, BeamOptics, Curve, Harmonic, ModeOptics, Sag, ScatterTail
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.imaging.tails import Tails
from tests.imaging.builders import PANEL, SINGLE, centres_mm, crossings, jaws, positions

TAILS = (ScatterTail(0.07, 8.0), ScatterTail(0.03, 40.0))
REAL = replace(PANEL, rows=1190, columns=1190, pitch_mm=0.336, blur_sigma_mm=0.75, scatter=TAILS)
FFF = Curve((0.0, 50.0, 100.0, 200.0), (1.0, 0.95, 0.85, 0.65))


def signal_on_axis(panel: PanelModel, side_mm: float) -> float:
    half = side_mm / 2
    accumulator = FluenceAccumulator(SINGLE, panel)
    accumulator.add(positions(SINGLE, jaws(-half, half, -half, half)), np.ones(1))
    # not calibrated: what the panel sees, not what is left when the flood field is divided out
    image = accumulator.take() * accumulator.flood
    middle = panel.rows // 2
    return float(image[middle - 1 : middle + 1, middle - 1 : middle + 1].mean())


def in_field(side_mm: float, range_mm: float) -> float:
    """The part of an exponential tail that comes from a square around its middle."""
    angle = np.linspace(0.0, np.pi / 4, 2001)
    reach = 0.75 * side_mm / np.cos(angle) / range_mm
    return float(np.trapezoid(1.0 - (1.0 + reach) * np.exp(-reach), angle) / (np.pi / 4))


@pytest.mark.parametrize(
    ("side", "published"),
    [(20, 0.956), (30, 0.972), (50, 0.987), (100, 1.0), (150, 1.006), (200, 1.009)],
)
def test_the_signal_on_the_axis_grows_with_the_field_as_the_kernel_says(
    side: float, published: float
) -> None:
    """PHYSICS section 3, step 7, three digits; against the closed form to 5e-5."""
    found = signal_on_axis(REAL, side)

    def exact(side_mm: float) -> float:
        core = 0.9 * erf(0.75 * side_mm / (sqrt(2.0) * 0.75)) ** 2
        return core + sum(tail.share * in_field(side_mm, tail.range_mm) for tail in TAILS)

    assert found == pytest.approx(published, abs=6e-4)
    assert found == pytest.approx(exact(side) / exact(100.0), abs=5e-5)


def test_the_kernel_gives_back_what_it_takes() -> None:
    """A small field far from the border keeps its sum: 3e-3 of a tail is beyond its reach."""
    panel = np.zeros((1190, 1190), np.float32)
    panel[585:605, 585:605] = 1.0
    Tails(TAILS[:1], panel.shape, 0.336, 0.0).add_to(panel)
    assert panel.sum() == pytest.approx(400.0, rel=2e-4)


@pytest.mark.parametrize("shape", [(300, 260), (61, 50), (7, 9)])
def test_tails_are_the_convolution_with_exponentials(shape: tuple[int, int]) -> None:
    """Joined pixels and lines between them are within 1e-4, at the panel's border too."""
    random = np.random.default_rng(2)
    image = np.zeros(shape, np.float32)
    image[shape[0] // 4 :, : shape[1] // 2] = 1.0
    image += random.uniform(0.0, 0.2, shape).astype(np.float32)
    side = np.arange(-max(shape), max(shape) + 1) * 0.8
    distance = np.hypot(side[:, np.newaxis], side)
    inside = (np.arange(41) - 20) / 41 * 0.8
    expected = 0.9 * image.astype(np.float64)
    for tail in TAILS:
        kernel = np.exp(-distance / tail.range_mm)
        kernel[max(shape), max(shape)] = np.exp(
            -np.hypot(inside[:, np.newaxis], inside) / tail.range_mm
        ).mean()
        kernel *= tail.share * 0.8**2 / (2.0 * np.pi * tail.range_mm**2)
        expected += fftconvolve(image, kernel)[
            max(shape) : max(shape) + shape[0], max(shape) : max(shape) + shape[1]
        ]
    Tails(TAILS, shape, 0.8, 0.0).add_to(image)
    np.testing.assert_allclose(image, expected, rtol=0, atol=1e-4)


def test_what_falls_on_one_side_of_the_panel_does_not_come_back_on_the_other() -> None:
    image = np.zeros((400, 400), np.float32)
    image[:, :20] = 1.0
    Tails((ScatterTail(0.03, 40.0),), image.shape, 0.8, 0.0).add_to(image)
    assert 0.0 <= image[200, -1] < 2e-5


def shaped(profile: Curve, head_scatter: Curve = LEVEL) -> BeamOptics:
    return BeamOptics(modes={"6FFF": ModeOptics(profile, head_scatter)})


def test_the_flood_field_takes_the_profile_out_and_is_told() -> None:
    """A field that is smaller than the flood field is only nearly flat: it scatters less."""
    model = replace(SINGLE, optics=shaped(FFF))
    accumulator = FluenceAccumulator(model, REAL, mode="6FFF")
    row = positions(model, jaws(-200, 200, -200, 200))
    accumulator.add(row, np.ones(1))
    image = accumulator.take()
    np.testing.assert_allclose(image, image[595, 595], rtol=1e-4)
    assert image[595, 595] == pytest.approx(1.011, abs=0.004)  # more scatter than the 100 mm field
    flood = accumulator.flood
    assert flood[595, 595] == pytest.approx(1.0, abs=1e-3)
    place = 595 + round(100.0 * 1.5 / 0.336)
    assert flood[595, place] == pytest.approx(0.85, abs=0.01)  # 100 mm from the axis
    accumulator.add(positions(model, jaws(-50, 50, -50, 50)), np.ones(1))
    small = accumulator.take()
    assert small[595, 595] == pytest.approx(1.0, abs=1e-4)
    edge = round(35.0 * 1.5 / 0.336)
    np.testing.assert_allclose(small[595 - edge : 595 + edge, 595], 1.0, atol=0.008)


def test_a_mode_that_is_not_described_is_level() -> None:
    model = replace(SINGLE, optics=shaped(FFF))
    assert FluenceAccumulator(model, PANEL, mode="6X").flood == pytest.approx(1.0, abs=1e-4)


def test_head_scatter_goes_by_the_equivalent_square_of_the_jaws() -> None:
    """60 mm x 120 mm is as a square of 80 mm: half way from 60 to 100 mm."""
    output = Curve((60.0, 100.0, 200.0), (0.96, 1.0, 1.02))
    model = replace(SINGLE, optics=shaped(Curve(), output))
    accumulator = FluenceAccumulator(model, PANEL, mode="6FFF")
    for field, expected in (
        (jaws(-50, 50, -50, 50), 1.0),
        (jaws(-30, 30, -60, 60), 0.98),
        (jaws(-100, 100, -100, 100), 1.02),
        (jaws(-10, 10, -10, 10), 0.96),
    ):
        accumulator.add(positions(model, field), np.ones(1))
        assert accumulator.take()[250, 260] == pytest.approx(expected, abs=1e-5)


def edges_of(image: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The field's edges along x and y, mm at the isocentre of a panel where it should stand."""
    middle = 0.5 * image.max()
    x, y = centres_mm(PANEL.columns), centres_mm(PANEL.rows)
    return crossings(x, image[250], middle), crossings(y, image[::-1, 260], middle)


def test_a_panel_that_stands_aside_shows_the_field_on_the_other_side() -> None:
    accumulator = FluenceAccumulator(SINGLE, PANEL, panel_shift_mm=(3.0, -1.5))
    accumulator.add(positions(SINGLE, jaws(-50, 50, -50, 50)), np.ones(1))
    across, along = edges_of(accumulator.take().astype(np.float64))
    np.testing.assert_allclose(across, (-52.0, 48.0), rtol=0, atol=0.01)
    np.testing.assert_allclose(along, (-49.0, 51.0), rtol=0, atol=0.01)


def test_a_panel_that_stands_aside_keeps_the_flood_field_of_where_it_was() -> None:
    """30 mm aside in a beam that falls by 10 % over 50 mm: a slope is left over."""
    model = replace(SINGLE, optics=shaped(Curve((0.0, 200.0), (1.0, 0.6))))
    accumulator = FluenceAccumulator(model, PANEL, mode="6FFF", panel_shift_mm=(30.0, 0.0))
    accumulator.add(positions(model, jaws(-120, 120, -120, 120)), np.ones(1))
    image = accumulator.take()
    x = centres_mm(PANEL.columns)
    at = int(np.abs(x - 60.0).argmin())
    assert image[250, at] == pytest.approx(0.84 / 0.88, rel=1e-3)


SAGGING = replace(
    PANEL,
    sag=Sag(Harmonic(0.0, 0.3, 1.5), Harmonic(0.6, 0.0, 0.0), Harmonic(0.0, -5.0, 0.0)),
)


@pytest.mark.parametrize("gantry", [0.0, 90.0, 180.0, 215.0])
def test_the_panel_sags_with_the_gantry(gantry: float) -> None:
    """Shift and magnification by IEC 61217, dose by the inverse square of the distance."""
    accumulator = FluenceAccumulator(SINGLE, SAGGING)
    where = {**jaws(-50, 50, -50, 50), Axis.GANTRY: gantry}
    accumulator.add(positions(SINGLE, where), np.ones(1))
    image = accumulator.take().astype(np.float64)
    turn = np.radians(gantry)
    aside = 0.3 * np.cos(turn) + 1.5 * np.sin(turn)
    scale = (1500.0 - 5.0 * np.cos(turn)) / 1500.0
    across, along = edges_of(image)
    places = 50.0 * scale * np.array([-1.0, 1.0])
    np.testing.assert_allclose(across, places - aside / 1.5, rtol=0, atol=0.01)
    np.testing.assert_allclose(along, places - 0.6 / 1.5, rtol=0, atol=0.01)
    assert image[250, 260] == pytest.approx(scale**-2, abs=1e-5)


def test_exposures_at_different_angles_are_drawn_where_each_is() -> None:
    row = positions(SINGLE, jaws(-50, 50, -50, 50))
    turned = positions(SINGLE, {**jaws(-50, 50, -50, 50), Axis.GANTRY: 90.0})
    accumulator = FluenceAccumulator(SINGLE, SAGGING)
    accumulator.add(np.concatenate((row, turned)), np.array([1.0, 2.0]))
    together = accumulator.take()
    accumulator.add(row, np.ones(1))
    accumulator.add(turned, np.full(1, 2.0))
    np.testing.assert_allclose(accumulator.take(), together, rtol=0, atol=1e-5)


@pytest.mark.parametrize("collimator", [0.0, 90.0])
def test_a_source_that_sags_moves_each_shadow_by_its_distance(collimator: float) -> None:
    """A source 1 mm off at +x: leaves at 510 mm go 1.94 mm the other way, X jaws at 406 mm 2.69."""
    leaves = replace(SINGLE.mlcs["MLCX"], source_distance_mm=510.0)
    model = replace(
        SINGLE,
        mlcs={"MLCX": leaves},
        optics=BeamOptics(
            jaw_distance_mm={"X": 406.0, "Y": 406.0}, sag=Sag(x=Harmonic(0.0, 1.0, 0.0))
        ),
    )
    where = {**jaws(-50, 50, -60, 60), Axis.COLLIMATOR: collimator}
    accumulator = FluenceAccumulator(model, PANEL)
    accumulator.add(positions(model, where, {"MLCX": (-100.0, 30.0)}), np.ones(1))
    image = accumulator.take().astype(np.float64)
    line = image[250]
    x = centres_mm(PANEL.columns)
    found = crossings(x, line, 0.5 * (1.0 + 0.016))
    by_leaf, by_jaw = -(1500.0 - 510.0) / 510.0 / 1.5, -(1500.0 - 406.0) / 406.0 / 1.5
    if collimator == 0.0:  # jaw X1 on the left, leaves on the right
        assert crossings(x, line, 0.5)[0] == pytest.approx(-50.0 + by_jaw, abs=0.01)
        assert found[-1] == pytest.approx(30.0 + by_leaf, abs=0.01)
    else:  # jaws Y on both sides
        expected = np.array([-60.0, 60.0]) + by_jaw
        np.testing.assert_allclose(crossings(x, line, 0.5), expected, rtol=0, atol=0.01)
