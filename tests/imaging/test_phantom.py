"""Rays through bodies against their geometry, and what a panel shows of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.geometry import PixelGrid, gantry_in_fixed, support_in_fixed
from gateway.domain.optics import BeamOptics, Harmonic, Sag
from gateway.domain.phantom import Ellipsoid, Phantom, Rod, Slab
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.imaging.phantom import View, path_lengths, transmission
from tests.imaging.builders import PANEL, SINGLE, jaws, machine, positions

GRID = PixelGrid(40, 50, 6.0)
PIXEL = PANEL.pitch_mm / 1.5
SINGLE_PRECISION = 1e-6


def view(gantry: float = 0.0, couch: float = 0.0) -> View:
    return View(gantry, couch, (0.0, 0.0), (0.0, 0.0), 1500.0, 1000.0)


def inside(phantom: Phantom, points: FloatArray) -> FloatArray:
    """The attenuation at points (..., 3), worked out body by body."""
    total = np.zeros(points.shape[:-1])
    for body in phantom.ellipsoids:
        scaled = (points - body.centre_mm) / body.semi_axes_mm
        total += body.attenuation_per_mm * ((scaled**2).sum(axis=-1) < 1.0)
    for rod in phantom.rods:
        axis = np.subtract(rod.end_mm, rod.start_mm)
        height = np.linalg.norm(axis)
        along = (points - rod.start_mm) @ (axis / height)
        aside = ((points - rod.start_mm) ** 2).sum(axis=-1) - along**2
        within = (along > 0.0) & (along < height) & (aside < rod.radius_mm**2)
        total += rod.attenuation_per_mm * within
    for slab in phantom.slabs:
        within = ((points > slab.low_mm) & (points < slab.high_mm)).all(axis=-1)
        total += slab.attenuation_per_mm * within
    return total


def walked(phantom: Phantom, seen: View, step_mm: float = 0.25) -> FloatArray:
    """The same integral by walking from the source to each pixel in small steps."""
    rows, columns = np.mgrid[: GRID.rows, : GRID.columns]
    x, y = np.moveaxis(GRID.receptor_mm(np.stack((columns, rows), axis=-1)), -1, 0)
    x, y = x + seen.panel_mm[0], y + seen.panel_mm[1]
    pixels = np.stack((x, y, np.full(x.shape, seen.sad_mm - seen.sid_mm)), axis=-1)
    source = np.array([*seen.source_mm, seen.sad_mm])
    to_couch = support_in_fixed(seen.couch_deg).inverse
    gantry = gantry_in_fixed(seen.gantry_deg)
    pixels, source = to_couch(gantry(pixels)), to_couch(gantry(source))
    lengths = np.linalg.norm(pixels - source, axis=-1)
    path = np.zeros(x.shape)
    for part in np.arange(0.5, 1.0, step_mm / 1500.0) + 0.5 * step_mm / 1500.0:
        path += inside(phantom, source + part * (pixels - source))
    walked_path: FloatArray = path * lengths * step_mm / 1500.0
    return walked_path


PLACES = st.tuples(*(st.floats(-60.0, 60.0) for _ in range(3)))
ANGLES = st.floats(-180.0, 180.0)


@settings(max_examples=8, deadline=None)
@given(PLACES, st.tuples(*(st.floats(5.0, 60.0) for _ in range(3))), PLACES, ANGLES, ANGLES)
def test_paths_are_those_of_a_walk_along_the_ray(
    place: tuple[float, float, float],
    size: tuple[float, float, float],
    other: tuple[float, float, float],
    gantry: float,
    couch: float,
) -> None:
    """Each end of a body is met to half a step of 0.25 mm, and no body has more than six ends."""
    high = tuple(np.add(place, size))
    phantom = Phantom(
        "three",
        (Ellipsoid(place, size, 1.0),),
        (Rod(place, tuple(np.add(other, (0.0, 1.0, 70.0))), 8.0, 1.0),),
        (Slab(place, high, 1.0),),
    )
    seen = replace(view(gantry, couch), source_mm=(1.0, -2.0), panel_mm=(30.0, -20.0))
    found = path_lengths(phantom, GRID, seen)
    # an edge that runs along a ray is seen by one and not the other: rarely, and at most so long
    wrong = np.abs(found - walked(phantom, seen)) > 6 * 0.13
    assert wrong.mean() < 0.002


def middle_of(phantom: Phantom, seen: View) -> float:
    grid = PixelGrid(41, 51, 6.0)
    return float(path_lengths(phantom, grid, seen)[20, 25])


def test_chords_on_the_axis_are_the_bodies_own_lengths() -> None:
    ball = Phantom("ball", (Ellipsoid((0.0, 0.0, 30.0), (4.0, 4.0, 4.0), 0.5),))
    assert middle_of(ball, view()) == pytest.approx(4.0, rel=1e-6)
    egg = Phantom("egg", (Ellipsoid((0.0, 0.0, 0.0), (10.0, 20.0, 30.0), 1.0),))
    assert middle_of(egg, view(0.0)) == pytest.approx(60.0, rel=1e-6)
    assert middle_of(egg, view(90.0)) == pytest.approx(20.0, rel=1e-6)
    lying = Phantom("rod", (), (Rod((0.0, -50.0, 0.0), (0.0, 50.0, 0.0), 7.0, 1.0),))
    assert middle_of(lying, view(37.0)) == pytest.approx(14.0, rel=1e-6)
    standing = Phantom("rod", (), (Rod((0.0, 0.0, -50.0), (0.0, 0.0, 50.0), 7.0, 1.0),))
    assert middle_of(standing, view()) == pytest.approx(100.0, rel=1e-6)
    assert middle_of(standing, view(90.0)) == pytest.approx(14.0, rel=1e-6)
    slab = Phantom("slab", (), (), (Slab((-90, -80, -100), (90, 80, 100), 0.01),))
    assert middle_of(slab, view()) == pytest.approx(2.0, rel=1e-6)
    assert middle_of(slab, view(90.0)) == pytest.approx(1.8, rel=1e-6)
    assert middle_of(slab, view(0.0, 45.0)) == pytest.approx(2.0, rel=1e-6)


def test_a_slab_that_is_oblique_is_longer_by_the_cosine() -> None:
    slab = Phantom("slab", (), (), (Slab((-900, -900, -50), (900, 900, 50), 1.0),))
    paths = path_lengths(slab, GRID, view())
    rows, columns = np.mgrid[:40, :50]
    place = GRID.receptor_mm(np.stack((columns, rows), axis=-1))
    expected = 100.0 * np.sqrt(1.0 + (place**2).sum(axis=-1) / 1500.0**2)
    np.testing.assert_allclose(paths, expected, rtol=SINGLE_PRECISION)


def test_a_body_around_the_source_or_off_the_panel_does_no_harm() -> None:
    far = Phantom("far", (Ellipsoid((0.0, 600.0, 0.0), (5.0, 5.0, 5.0), 1.0),))
    assert not path_lengths(far, GRID, view()).any()
    huge = Phantom("huge", (Ellipsoid((0.0, 0.0, 0.0), (900.0, 900.0, 990.0), 1.0),))
    assert path_lengths(huge, GRID, view()).min() > 1000.0


def test_what_comes_through_falls_exponentially() -> None:
    slab = Phantom("slab", (), (), (Slab((-900, -900, -50), (900, 900, 50), 0.005),))
    through = transmission(slab, PixelGrid(3, 3, 1.0), view())
    assert through[1, 1] == pytest.approx(np.exp(-0.5), rel=1e-6)


def image_of(phantom: Phantom | None, axes: dict[Axis, float], **wishes: object) -> FloatArray:
    model = machine(*SINGLE.mlcs.values())
    accumulator = FluenceAccumulator(model, PANEL, phantom=phantom, **wishes)  # type: ignore[arg-type]
    accumulator.add(positions(model, axes), np.ones(1))
    return accumulator.take().astype(np.float64)


def test_the_field_is_seen_through_the_phantom() -> None:
    field = dict(jaws(-50, 50, -50, 50))
    slab = Phantom("slab", (), (), (Slab((-200, -200, -50), (200, 200, 50), 0.005),))
    plain, through = image_of(None, field), image_of(slab, field)
    assert through[250, 260] == pytest.approx(np.exp(-0.5), rel=1e-4)
    edge = np.abs(plain - through / np.exp(-0.5))
    assert edge.max() < 0.0013  # the beam of a corner goes 0.25 % farther through the slab


@pytest.mark.parametrize(
    ("gantry", "couch", "at"),
    [
        (0.0, 0.0, (12.0, 20.0)),
        (90.0, 0.0, (-8.0, 20.0)),
        (180.0, 0.0, (-12.0, 20.0)),
        (0.0, 90.0, (-20.0, 12.0)),
    ],
)
def test_a_ball_is_seen_where_iec_61217_has_it(
    gantry: float, couch: float, at: tuple[float, float]
) -> None:
    """A ball at x 12, y 20, z 8 mm; its shadow's centroid, magnified by its height, to 0.03 mm."""
    ball = Phantom("ball", (Ellipsoid((12.0, 20.0, 8.0), (4.0, 4.0, 4.0), 0.05),))
    model = machine(*SINGLE.mlcs.values())
    accumulator = FluenceAccumulator(model, PANEL, phantom=ball)
    row = positions(model, {**jaws(-50, 50, -50, 50), Axis.GANTRY: gantry})
    if couch:  # this machine has no couch rotation: the ball is turned instead
        turned = support_in_fixed(couch)(np.array(ball.ellipsoids[0].centre_mm))
        moved = replace(ball.ellipsoids[0], centre_mm=tuple(turned))
        accumulator = FluenceAccumulator(model, PANEL, phantom=replace(ball, ellipsoids=(moved,)))
    accumulator.add(row, np.ones(1))
    image = accumulator.take().astype(np.float64)
    missing = image_of(None, {**jaws(-50, 50, -50, 50), Axis.GANTRY: gantry}) - image
    rows, columns = np.mgrid[: PANEL.rows, : PANEL.columns]
    x = float((missing * columns).sum() / missing.sum() - 259.5) * PIXEL
    y = float(249.5 - (missing * rows).sum() / missing.sum()) * PIXEL
    height = {0.0: 8.0, 90.0: 12.0, 180.0: -8.0}[gantry]
    scale = 1000.0 / (1000.0 - height)
    np.testing.assert_allclose((x, y), np.array(at) * scale, rtol=0, atol=0.03)


def test_sag_moves_a_ball_as_much_as_the_panel() -> None:
    """The panel 3 mm aside and 10 mm deeper: at the isocentre's scale 2 mm the other way."""
    ball = Phantom("ball", (Ellipsoid((0.0, 0.0, 0.0), (4.0, 4.0, 4.0), 0.05),))
    panel = replace(PANEL, sag=Sag(Harmonic(3.0), Harmonic(), Harmonic(10.0)))
    rows = positions(SINGLE, jaws(-50, 50, -50, 50))
    images = []
    for phantom in (None, ball):
        accumulator = FluenceAccumulator(SINGLE, panel, phantom=phantom)
        accumulator.add(rows, np.ones(1))
        images.append(accumulator.take().astype(np.float64))
    missing = images[0] - images[1]
    columns = np.arange(PANEL.columns)
    x = float((missing.sum(axis=0) * columns).sum() / missing.sum() - 259.5) * PIXEL
    assert x == pytest.approx(-2.0, abs=0.01)


def test_the_source_blurs_a_ball_less_than_leaves() -> None:
    """Half of the source's size at the isocentre: the shadow's variance grows by as much."""
    ball = Phantom("ball", (Ellipsoid((0.0, 0.0, 0.0), (6.0, 6.0, 6.0), 0.001),))
    leaves = replace(SINGLE.mlcs["MLCX"], source_distance_mm=510.0)
    spreads = []
    for fwhm in (0.0, 4.0):
        model = replace(SINGLE, mlcs={"MLCX": leaves}, optics=BeamOptics(source_fwhm_mm=fwhm))
        row = positions(model, jaws(-50, 50, -50, 50))
        images = []
        for phantom in (None, ball):
            accumulator = FluenceAccumulator(model, PANEL, phantom=phantom)
            accumulator.add(row, np.ones(1))
            images.append(accumulator.take().astype(np.float64))
        missing = (images[0] - images[1])[200:300, 210:310]
        along = (np.arange(100) - 49.5) * PANEL.pitch_mm
        spreads.append(float((missing.sum(axis=0) * along**2).sum() / missing.sum()))
    added = spreads[1] - spreads[0]
    assert added == pytest.approx((4.0 / 2.3548 * 0.5) ** 2, rel=0.02)


def test_a_turning_beam_is_let_through_from_angle_to_angle() -> None:
    """Two angles in one frame are the sum of two frames."""
    ball = Phantom("ball", (Ellipsoid((20.0, 0.0, 0.0), (8.0, 8.0, 8.0), 0.05),))
    rows = [positions(SINGLE, {**jaws(-50, 50, -50, 50), Axis.GANTRY: g}) for g in (0.0, 40.0)]
    accumulator = FluenceAccumulator(SINGLE, PANEL, phantom=ball)
    accumulator.add(np.concatenate(rows), np.array([1.0, 3.0]))
    together = accumulator.take()
    apart = np.zeros_like(together)
    for row, mu in zip(rows, (1.0, 3.0), strict=True):
        accumulator.add(row, np.full(1, mu))
        apart += accumulator.take()
    np.testing.assert_allclose(together, apart, rtol=0, atol=2e-5)
    accumulator.add(rows[0], np.ones(1))
    accumulator.clear()
    assert np.abs(accumulator.take()).max() < 1e-6
