"""A field that the panel cannot hold is noticed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.field_outline import exceeds_panel, open_rectangles
from gateway.dicom.image_plane import ImagePlane
from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.domain.units import FloatArray
from gateway.planning.generate import generate
from tests.generate.machines import AGILITY, HALCYON, M120

PLANE = ImagePlane(400, 600, 0.5, 1500.0, 1000.0)
"""Sees 200 x 133.3 mm at the isocentre."""


def positions(beam: Beam) -> dict[str, FloatArray]:
    jaws = {
        "ASYMX": (Axis.X1, Axis.X2),
        "ASYMY": (Axis.Y1, Axis.Y2),
        "X": (Axis.X1, Axis.X2),
        "Y": (Axis.Y1, Axis.Y2),
    }
    return {
        device: np.stack([beam.axes[axis] for axis in jaws[device]], axis=1)
        if device in jaws
        else beam.leaves[device]
        for device in beam.devices
    }


@pytest.mark.parametrize("machine", [M120, HALCYON, AGILITY], ids=lambda machine: machine.name)
def test_the_open_parts_cover_the_open_field_once(machine: object) -> None:
    beam = generate("open-field", machine).beams[1]  # type: ignore[arg-type]  # parametrised
    parts = open_rectangles(beam, positions(beam), 0)
    area = ((parts[:, 1] - parts[:, 0]) * (parts[:, 3] - parts[:, 2])).sum()
    # edges narrower than 0.001 mm do not count
    assert area == pytest.approx(100.0 * 100.0, abs=0.1)


@given(st.floats(-90.0, 90.0), st.floats(1.0, 80.0), st.floats(1.0, 80.0))
def test_a_rectangle_exceeds_when_a_corner_does(angle: float, x: float, y: float) -> None:
    corners = np.array([[x, y], [x, -y]])
    turn = np.deg2rad(angle)
    reach_x = 1.5 * np.abs(corners @ [np.cos(turn), -np.sin(turn)]).max()
    reach_y = 1.5 * np.abs(corners @ [np.sin(turn), np.cos(turn)]).max()
    outside = reach_x > 150.001 or reach_y > 100.001
    part = np.array([[-x, x, -y, y]])
    if abs(reach_x - 150.001) > 1e-6 and abs(reach_y - 100.001) > 1e-6:
        assert exceeds_panel(part, angle, PLANE) == outside


def test_a_closed_aperture_exceeds_nothing() -> None:
    assert not exceeds_panel(np.empty((0, 4)), 30.0, PLANE)


def test_a_shifted_panel_sees_less_on_one_side() -> None:
    shifted = ImagePlane(400, 600, 0.5, 1500.0, 1000.0, (20.0, 0.0))
    part = np.array([[-95.0, 95.0, -10.0, 10.0]])
    assert not exceeds_panel(part, 0.0, PLANE)
    assert exceeds_panel(part, 0.0, shifted)
