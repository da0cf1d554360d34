"""Where things are in the image, measured in the image alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from gateway.domain.axes import Axis
from gateway.domain.geometry import (
    PixelGrid,
    limiting_device_in_gantry,
    project_to_receptor,
    receptor_in_gantry,
)
from gateway.domain.machine import MachineModel
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.imaging.plane import isocentre_grid, strip_frames
from tests.imaging.builders import (
    NO_LEAVES,
    PANEL,
    SIDEWAYS,
    SINGLE,
    Y_JAWS,
    centres_mm,
    crossings,
    jaws,
    positions,
)

EDGE_MM = 0.01
"""A pixel is 0.53 mm at the isocentre and the edge is blurred to 0.8 mm: the straight line between
two pixels leaves the true 50 % of a Gaussian edge by at most 0.007 mm."""


def image_of(model: MachineModel, row: FloatArray, mu: float = 1.0) -> FloatArray:
    accumulator = FluenceAccumulator(model, PANEL)
    accumulator.add(row, np.array([mu]))
    return accumulator.take().astype(np.float64)


def profile(image: FloatArray, x_mm: FloatArray, y_mm: FloatArray) -> FloatArray:
    """The image at isocentre-plane positions in panel axes, between pixels by cubic splines."""
    grid = PixelGrid(PANEL.rows, PANEL.columns, PANEL.pitch_mm * 1000.0 / PANEL.sid_mm)
    place = grid.pixels(np.column_stack((x_mm, y_mm)))
    sampled: FloatArray = map_coordinates(image, (place[:, 1], place[:, 0]), order=3)
    return sampled


def test_an_asymmetric_open_field_ends_where_its_jaws_stand() -> None:
    """Rows run along +X; the first row is at the largest Y."""
    image = image_of(SINGLE, positions(SINGLE, jaws(-31.3, 52.6, -77.7, 24.4)))
    row, column = image.shape[0] // 2, image.shape[1] // 2
    along_x = crossings(centres_mm(PANEL.columns), image[row], 0.5)
    along_y = crossings(centres_mm(PANEL.rows), image[::-1, column], 0.5)
    np.testing.assert_allclose(along_x, (-31.3, 52.6), rtol=0, atol=EDGE_MM)
    np.testing.assert_allclose(along_y, (-77.7, 24.4), rtol=0, atol=EDGE_MM)


@pytest.mark.parametrize("collimator", [7.3, 45.0, 90.0, 200.0, -60.0])
def test_a_turned_field_ends_where_its_jaws_stand(collimator: float) -> None:
    image = image_of(SINGLE, positions(SINGLE, jaws(-31.3, 52.6, -77.7, 24.4, collimator)))
    turn = np.radians(collimator)
    along = np.arange(-100.0, 100.0, 0.25)
    in_x = profile(image, along * np.cos(turn), along * np.sin(turn))
    in_y = profile(image, -along * np.sin(turn), along * np.cos(turn))
    np.testing.assert_allclose(crossings(along, in_x, 0.5), (-31.3, 52.6), rtol=0, atol=EDGE_MM)
    np.testing.assert_allclose(crossings(along, in_y, 0.5), (-77.7, 24.4), rtol=0, atol=EDGE_MM)


PICKETS_MM = np.array([-60.0, -37.5, -10.2, 11.1, 42.0])
GAP_MM = 6.0


def picket_fence(model: MachineModel, kind: str, shifts: FloatArray) -> FloatArray:
    """An accumulated image of pickets in which each pair stands off by its shift."""
    accumulator = FluenceAccumulator(model, PANEL)
    for picket in PICKETS_MM:
        leaves = {kind: (picket - GAP_MM / 2 + shifts, picket + GAP_MM / 2 + shifts)}
        row = positions(model, jaws(-80.0, 80.0, -80.0, 80.0), leaves)
        accumulator.add(row, np.array([2.0]))
    return accumulator.take().astype(np.float64)


def picket_centres(across: FloatArray, along_mm: FloatArray) -> FloatArray:
    half = 0.5 * (across.min() + across.max())
    edges = crossings(along_mm, across, half)
    return 0.5 * (edges[0::2] + edges[1::2])


@pytest.mark.parametrize(("model", "kind"), [(SINGLE, "MLCX"), (SIDEWAYS, "MLCY")])
def test_pickets_are_where_the_leaves_stand(model: MachineModel, kind: str) -> None:
    """Asked: 0.05 mm at the isocentre. Both edges of a gap err alike, so its centre does not."""
    shifts = np.random.default_rng(5).uniform(-1.0, 1.0, 80)
    image = picket_fence(model, kind, shifts)
    lines = image if kind == "MLCX" else image.T[::-1, ::-1]
    for pair in range(32, 48):  # 5 mm strips at the middle of the 80 mm field
        middle = -200.0 + 5.0 * pair + 2.5
        across_mm = centres_mm(lines.shape[0])[::-1]
        line = lines[np.abs(across_mm - middle).argmin()]
        found = picket_centres(line, centres_mm(line.size))
        np.testing.assert_allclose(found, PICKETS_MM + shifts[pair], rtol=0, atol=0.05)


def test_without_x_jaws_leaves_alone_limit_the_field() -> None:
    row = positions(Y_JAWS, jaws(0.0, 0.0, -40.0, 40.0), {"MLCX": (-33.0, 61.0)})
    image = image_of(Y_JAWS, row)
    middle = image[image.shape[0] // 2]
    leaking = Y_JAWS.mlcs["MLCX"].transmission
    found = crossings(centres_mm(PANEL.columns), middle, 0.5 * (1.0 + leaking))
    np.testing.assert_allclose(found, (-33.0, 61.0), rtol=0, atol=EDGE_MM)
    np.testing.assert_allclose(middle[[0, -1]], leaking, rtol=1e-5)  # single precision


def test_without_leaves_jaws_alone_limit_the_field() -> None:
    image = image_of(NO_LEAVES, positions(NO_LEAVES, jaws(-20.0, 30.0, -20.0, 30.0)))
    pixel_mm = PANEL.pitch_mm * 1000.0 / PANEL.sid_mm
    assert image.sum() * pixel_mm**2 == pytest.approx(2500.0, rel=1e-5)  # single precision


@settings(max_examples=50)
@given(st.floats(-180.0, 180.0), st.floats(-150.0, 150.0), st.floats(-150.0, 150.0))
def test_the_grid_agrees_with_the_geometry_of_the_room(angle: float, x: float, y: float) -> None:
    """Grid coordinates count from a pixel's corner, pixels from its centre."""
    grid = isocentre_grid(PANEL, 1000.0, margin=7)
    for travel, along, across in (("X", x, y), ("Y", y, x)):
        u, v = strip_frames(grid, np.array([angle]), travel)[0] @ (along, across, 1.0)
        point = limiting_device_in_gantry(angle, 1000.0)(np.array([x, y, -1000.0]))
        receptor = receptor_in_gantry(0.0, (0.0, 0.0), PANEL.sid_mm, 1000.0)
        place = project_to_receptor(point, receptor, 1000.0)
        pixel = PixelGrid(PANEL.rows, PANEL.columns, PANEL.pitch_mm).pixels(place)
        np.testing.assert_allclose((u, v), pixel + 0.5 + 7.0, rtol=0, atol=1e-9)


def test_axes_that_do_not_shape_the_beam_do_not_change_the_image() -> None:
    there = jaws(-31.3, 52.6, -77.7, 24.4, 20.0)
    still = image_of(SINGLE, positions(SINGLE, there))
    turned = image_of(SINGLE, positions(SINGLE, {**there, Axis.GANTRY: 77.0}))
    np.testing.assert_array_equal(still, turned)


def test_each_row_is_turned_by_its_own_angle() -> None:
    grid = isocentre_grid(PANEL, 1000.0)
    angles = np.array([30.0, -10.0, 30.0, 0.0])
    for travel in ("X", "Y"):
        alone = [strip_frames(grid, angle[np.newaxis], travel)[0] for angle in angles]
        np.testing.assert_array_equal(strip_frames(grid, angles, travel), alone)
