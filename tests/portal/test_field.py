"""Collimator angle, jaws and panel offset from an image alone."""

import pytest

from gateway.domain.axes import Axis
from gateway.reconcile.portal.field import measure_field
from gateway.reconcile.portal.offset import panel_offset
from gateway.reconcile.portal.problems import Unmeasurable
from tests.portal.simulated import exposed, image_of, row, shifted

JAWS = (-51.3, 48.2, -60.1, 40.7)
ANGLES = (0.0, 30.0, 45.0, 90.0)
TARGET_DEG = 0.01
JAW_MM = 0.05
"""Noise and sampling leave hundredths; the penumbra of a jaw is symmetric."""


@pytest.mark.parametrize("collimator", ANGLES)
@pytest.mark.parametrize("off_deg", [0.0, 0.37])
def test_the_collimator_is_seen_within_a_hundredth_of_a_degree(
    collimator: float, off_deg: float
) -> None:
    frame = exposed(row(JAWS, -100.0, 100.0, collimator + off_deg), 50.0, seed=int(collimator))
    seen = measure_field(image_of(frame, collimator)).collimator_deg
    error = (seen.value - collimator - off_deg + 180.0) % 360.0 - 180.0
    assert abs(error) < TARGET_DEG
    assert seen.u < TARGET_DEG


@pytest.mark.parametrize("collimator", ANGLES)
def test_jaws_stand_where_they_are_seen(collimator: float) -> None:
    frame = exposed(row(JAWS, -100.0, 100.0, collimator), 50.0, seed=7)
    edges = measure_field(image_of(frame, collimator)).edges_mm
    for axis, place in zip((Axis.X1, Axis.X2, Axis.Y1, Axis.Y2), JAWS, strict=True):
        assert edges[axis].value == pytest.approx(place, abs=JAW_MM)
        assert edges[axis].u < JAW_MM


def test_without_a_stated_angle_the_edges_tell_it_but_for_quarter_turns() -> None:
    frame = exposed(row(JAWS, -100.0, 100.0, 93.0), 50.0, seed=3)
    assert measure_field(image_of(frame, None)).collimator_deg.value == pytest.approx(3.0, abs=0.01)


def test_a_field_that_sticks_out_shows_the_sides_that_are_inside() -> None:
    frame = exposed(row((-51.3, 190.0, -60.1, 40.7), -200.0, 200.0), 50.0, seed=3)
    field = measure_field(image_of(frame, 0.0))
    assert set(field.edges_mm) == {Axis.X1, Axis.Y1, Axis.Y2}
    assert field.centre_mm is None


def test_the_panel_is_off_by_the_mean_of_opposite_collimator_angles() -> None:
    """The aperture's own asymmetry turns with the collimator, the panel's offset does not."""
    fields = []
    for collimator in (90.0, 270.0):
        frame = exposed(row(JAWS, -100.0, 100.0, collimator), 50.0, seed=5)
        fields.append(measure_field(shifted(image_of(frame, collimator), 0.9, -0.6)))
    x, y = panel_offset(fields)
    # 0.9 and -0.6 mm at the panel are 0.6 and -0.4 mm at the isocentre
    assert (x.value, y.value) == pytest.approx((0.6, -0.4), abs=0.02)
    assert max(x.u, y.u) < 0.02
    with pytest.raises(Unmeasurable, match="opposite"):
        panel_offset(fields[:1])


@pytest.mark.parametrize("size_mm", [8.0, 20.0])
def test_small_fields_are_seen_too(size_mm: float) -> None:
    half = 0.5 * size_mm
    frame = exposed(row((-half, half, -half, half), -100.0, 100.0), 50.0, seed=5)
    edges = measure_field(image_of(frame, 0.0)).edges_mm
    assert edges[Axis.X2].value - edges[Axis.X1].value == pytest.approx(size_mm, abs=0.1)


def test_an_image_without_a_field_says_so() -> None:
    frame = exposed(row(JAWS, -100.0, 100.0), 0.0, seed=5)
    with pytest.raises(Unmeasurable, match="no field is seen"):
        measure_field(image_of(frame, 0.0))
