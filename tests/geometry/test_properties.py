"""What holds for every angle, pose and point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.geometry import (
    PATIENT_TO_TABLE,
    PixelGrid,
    Rigid,
    TablePose,
    eccentric_in_support,
    gantry_in_fixed,
    limiting_device_in_gantry,
    patient_in_table_top,
    project_to_isocentre,
    project_to_plane,
    project_to_receptor,
    receptor_in_gantry,
    rotation_x,
    rotation_y,
    rotation_z,
    support_in_fixed,
    table_top_in_eccentric,
)
from gateway.domain.units import FloatArray

SAD_MM = 1000.0
ROUNDING_MM = 1e-9
"""Lengths stay below 1e4 mm, where a double resolves 2e-12 mm; a chain adds some ten roundings."""

angles = st.floats(-720.0, 720.0)
lengths = st.floats(-500.0, 500.0)
points = st.tuples(lengths, lengths, lengths).map(np.array)
poses = st.builds(
    TablePose,
    couch_deg=angles,
    pitch_deg=st.floats(-5.0, 5.0),
    roll_deg=st.floats(-5.0, 5.0),
    displacement_mm=st.tuples(lengths, lengths, lengths),
    eccentric_deg=angles,
    eccentric_mm=lengths,
)
transforms = st.one_of(
    st.builds(gantry_in_fixed, angles),
    st.builds(support_in_fixed, angles),
    st.builds(limiting_device_in_gantry, angles, st.just(SAD_MM)),
    st.builds(receptor_in_gantry, angles, st.tuples(lengths, lengths), lengths, st.just(SAD_MM)),
    st.builds(eccentric_in_support, angles, lengths),
    st.builds(table_top_in_eccentric, st.tuples(lengths, lengths, lengths), angles, angles),
    st.builds(patient_in_table_top, st.sampled_from(sorted(PATIENT_TO_TABLE)), points),
    poses.map(lambda pose: pose.top_in_fixed),
)


def same(left: FloatArray, right: FloatArray) -> None:
    np.testing.assert_allclose(left, right, rtol=0, atol=ROUNDING_MM)


@given(transforms, points)
def test_there_and_back_is_nowhere(transform: Rigid, point: FloatArray) -> None:
    same(transform.inverse(transform(point)), point)
    same((transform @ transform.inverse).matrix, np.eye(4))


@given(transforms)
def test_rotations_are_orthonormal_and_keep_handedness(transform: Rigid) -> None:
    same(transform.rotation @ transform.rotation.T, np.eye(3))
    assert np.linalg.det(transform.rotation) == pytest.approx(1.0, abs=1e-12)


@given(transforms, points, points)
def test_distances_are_kept(transform: Rigid, one: FloatArray, other: FloatArray) -> None:
    before, after = np.linalg.norm(one - other), np.linalg.norm(transform(one) - transform(other))
    assert after == pytest.approx(before, abs=ROUNDING_MM)


@given(transforms, transforms, points)
def test_composition_is_one_after_the_other(outer: Rigid, inner: Rigid, point: FloatArray) -> None:
    same((outer @ inner)(point), outer(inner(point)))
    homogeneous = outer.matrix @ inner.matrix @ np.append(point, 1.0)
    same((outer @ inner)(point), homogeneous[:3])


@given(angles)
def test_a_whole_turn_changes_nothing(angle: float) -> None:
    for rotation in (rotation_x, rotation_y, rotation_z):
        same(rotation(angle + 360.0), rotation(angle))


@given(angles, angles)
def test_turns_about_one_axis_add_up(first: float, second: float) -> None:
    for rotation in (rotation_x, rotation_y, rotation_z):
        same(rotation(first) @ rotation(second), rotation(first + second))


@given(angles, lengths)
def test_the_eccentric_axis_stays_where_it_is(angle: float, distance: float) -> None:
    axis = np.array([0.0, distance, 0.0])
    same(eccentric_in_support(angle, distance)(axis), axis)


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_roll_turns_about_the_pitched_axis(pitch: float, roll: float) -> None:
    table = table_top_in_eccentric((0.0, 0.0, 0.0), pitch, roll)
    same(table(np.array([0.0, 1.0, 0.0])), rotation_x(pitch) @ np.array([0.0, 1.0, 0.0]))


def test_the_order_of_pitch_and_roll_matters() -> None:
    right = table_top_in_eccentric((0.0, 0.0, 0.0), 3.0, 3.0)
    wrong = rotation_y(3.0) @ rotation_x(3.0)
    point = np.array([100.0, 0.0, 0.0])
    expected = 100.0 * np.sin(np.radians(3.0)) ** 2  # y of pitch(roll(x)), by hand; 0 of the other
    assert np.linalg.norm(right(point) - wrong @ point) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("position", "anterior", "superior", "left"),
    [
        ("HFS", "+z", "+y", "+x"),
        ("HFP", "-z", "+y", "-x"),
        ("FFS", "+z", "-y", "-x"),
        ("FFP", "-z", "-y", "+x"),
        ("HFDR", "-x", "+y", "+z"),
        ("HFDL", "+x", "+y", "-z"),
        ("FFDR", "+x", "-y", "+z"),
        ("FFDL", "-x", "-y", "-z"),
    ],
)
def test_patients_lie_as_their_position_says(
    position: str, anterior: str, superior: str, left: str
) -> None:
    """Up is +z and the gantry +y of the table: who lies on the right side has the left side up."""
    patient = patient_in_table_top(position, np.zeros(3))
    ways = {"x": 0, "y": 1, "z": 2}
    for direction, lps in ((anterior, (0, -1, 0)), (superior, (0, 0, 1)), (left, (1, 0, 0))):
        expected = np.zeros(3)
        expected[ways[direction[1]]] = float(f"{direction[0]}1")
        same(patient(np.array(lps, dtype=np.float64)), expected)


@given(points, st.floats(1100.0, 1900.0))
def test_a_projection_lies_on_the_ray_from_the_source(point: FloatArray, sid: float) -> None:
    plane = project_to_plane(point, SAD_MM, sid)
    source = np.array([0.0, 0.0, SAD_MM])
    on_plane = np.append(plane, SAD_MM - sid)
    cross = np.cross(point - source, on_plane - source) / (SAD_MM * sid)
    same(cross, np.zeros(3))


@given(points, angles, st.tuples(lengths, lengths), st.floats(1100.0, 1900.0))
def test_the_receptor_sees_the_ray_where_it_crosses_its_plane(
    point: FloatArray, angle: float, shift: tuple[float, float], sid: float
) -> None:
    receptor = receptor_in_gantry(angle, shift, sid, SAD_MM)
    seen = project_to_receptor(point, receptor, SAD_MM)
    back = receptor(np.append(seen, 0.0))
    same(back[:2], project_to_plane(point, SAD_MM, sid))
    assert back[2] == pytest.approx(SAD_MM - sid, abs=ROUNDING_MM)


@given(lengths, lengths, angles)
def test_points_of_the_isocentre_plane_are_their_own_projection(
    x: float, y: float, angle: float
) -> None:
    device = limiting_device_in_gantry(angle, SAD_MM)
    point = device(np.array([x, y, -SAD_MM]))
    assert point[2] == pytest.approx(0.0, abs=ROUNDING_MM)
    same(project_to_isocentre(device.inverse(point), SAD_MM), np.array([x, y]))


@given(st.floats(0.0, 500.0))
def test_what_is_not_below_the_source_is_refused(height: float) -> None:
    with pytest.raises(ValueError, match="source"):
        project_to_plane(np.array([1.0, 1.0, SAD_MM + height]), SAD_MM, 1500.0)


@given(lengths, lengths)
def test_pixels_and_millimetres_are_inverse(x: float, y: float) -> None:
    grid = PixelGrid(768, 1024, 0.392)
    same(grid.receptor_mm(grid.pixels(np.array([x, y]))), np.array([x, y]))


def test_the_first_row_is_at_the_largest_y() -> None:
    grid = PixelGrid(768, 1024, 0.392)
    x, y = grid.first_pixel_mm
    assert x < 0.0 < y
    same(grid.pixels(np.array([x, y])), np.zeros(2))
    same(grid.pixels(np.zeros(2)), np.array([511.5, 383.5]))
