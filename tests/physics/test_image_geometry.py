"""An L delivered and imaged: where IEC 61217 and DICOM say it has to be seen, worked out by hand.

The aperture in the beam limiting device's system, at the isocentre (mm): a bar with X from -40 to
-10 and Y from -30 to 60, and a foot with X from -40 to 50 and Y from -60 to -30. Column 0 of the
image is at -X, row 0 at +Y; the collimator turns counter-clockwise seen from the source.
"""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy.ndimage import binary_erosion

from gateway.domain.units import FloatArray
from tests.e2e.deliveries import delivered, generated

LEAF_EDGES = np.concatenate(
    (np.arange(-200, -100, 10), np.arange(-100, 100, 5), np.arange(100, 201, 10))
)
TRANSMISSION = 0.016
NOISE_CU = 0.1
"""Quantum noise of a pixel at 100 CU is 0.05 CU (40,000 quanta a CU), of nine 0.017."""
EDGE_MM = 0.03
"""Encoder noise of 0.01 mm and quantum noise on an edge of 80 CU/mm, with room."""


def l_shaped_plan(folder: Path, collimator_deg: float, gantry_deg: float) -> Path:
    path = generated(folder, "open-field")
    plan = pydicom.dcmread(path)
    middle = (LEAF_EDGES[1:] + LEAF_EDGES[:-1]) / 2
    bar, foot = (middle > -30) & (middle < 60), (middle > -60) & (middle < -30)
    right = np.where(foot, 50.0, np.where(bar, -10.0, -40.0))
    first = plan.BeamSequence[0].ControlPointSequence[0]
    first.BeamLimitingDeviceAngle, first.GantryAngle = collimator_deg, gantry_deg
    positions = {
        "ASYMX": [-45.0, 55.0],
        "ASYMY": [-65.0, 65.0],
        "MLCX": [*np.full(middle.size, -40.0), *right],
    }
    for device in first.BeamLimitingDevicePositionSequence:
        device.LeafJawPositions = list(positions[device.RTBeamLimitingDeviceType])
    plan.save_as(path)
    return path


def image_of(folder: Path, collimator_deg: float, gantry_deg: float, *faults: str) -> FloatArray:
    """The calibrated image (CU) of an L of 100 MU."""
    plan = l_shaped_plan(folder, collimator_deg, gantry_deg)
    delivered(folder, plan, faults=faults, out=folder / "out")
    (path,) = (folder / "out" / "images").glob("*.dcm")
    image = pydicom.dcmread(path)
    assert [float(value) for value in image.RTImageOrientation] == [1, 0, 0, 0, -1, 0]
    assert [float(value) for value in image.XRayImageReceptorTranslation] == [0, 0, -500]
    calibrated: FloatArray = image.pixel_array * float(image.RescaleSlope)
    return calibrated


def at(image: FloatArray, x_mm: float, y_mm: float) -> float:
    """Mean of 3 x 3 pixels around a place of the isocentre plane (aS1200 at 1500 mm)."""
    column = round(594.5 + x_mm * 1.5 / 0.336)
    row = round(594.5 - y_mm * 1.5 / 0.336)
    return float(image[row - 1 : row + 2, column - 1 : column + 2].mean())


def right_edge_mm(image: FloatArray, y_mm: float, near_mm: float) -> float:
    """Where a row falls through 50 CU within 5 mm of ``near_mm``, by linear interpolation."""
    row = image[round(594.5 - y_mm * 1.5 / 0.336)]
    x_mm = (np.arange(row.size) - 594.5) * 0.336 / 1.5
    close = np.flatnonzero(np.abs(x_mm - near_mm) < 5.0)
    return float(np.interp(-50.0, -row[close], x_mm[close]))


@pytest.mark.parametrize(
    ("collimator", "gantry", "bar", "foot", "under_leaves", "under_jaw"),
    [
        (0.0, 0.0, (-25, 40), (30, -45), (30, 20), (0, 80)),
        (90.0, 0.0, (-40, -25), (45, 30), (-20, 30), (-80, 0)),
        (270.0, 0.0, (40, 25), (-45, -30), (20, -30), (80, 0)),
        (0.0, 90.0, (-25, 40), (30, -45), (30, 20), (0, 80)),
    ],
)
def test_an_l_is_seen_where_it_should_be(
    tmp_path: Path,
    collimator: float,
    gantry: float,
    bar: tuple[float, float],
    foot: tuple[float, float],
    under_leaves: tuple[float, float],
    under_jaw: tuple[float, float],
) -> None:
    image = image_of(tmp_path, collimator, gantry)
    assert at(image, *bar) == pytest.approx(99.988, abs=NOISE_CU)
    assert at(image, *foot) == pytest.approx(99.988, abs=NOISE_CU)
    assert at(image, *under_leaves) == pytest.approx(100 * TRANSMISSION, abs=NOISE_CU)
    assert at(image, *under_jaw) == pytest.approx(0.0, abs=NOISE_CU)


def test_leaf_30_of_bank_x2_is_seen_below_the_axis_at_its_right_end(tmp_path: Path) -> None:
    """Leaf 30 of a Millennium 120 covers Y from -5 to 0; X2 is the positive side."""
    fault = "leaf-offset:beam=1,bank=X2,leaf=30,offset_mm=0.9"
    image = image_of(tmp_path, 0.0, 0.0, fault)
    assert right_edge_mm(image, -2.5, -10.0) == pytest.approx(-9.1, abs=EDGE_MM)
    for neighbour_mm in (-7.5, 2.5):
        assert right_edge_mm(image, neighbour_mm, -10.0) == pytest.approx(-10.0, abs=EDGE_MM)


@pytest.mark.parametrize("kind", ["open-field", "winston-lutz"])
def test_no_dose_falls_where_the_machine_stood_before_the_beam(tmp_path: Path, kind: str) -> None:
    """A pulse at the place of the beam before is a step in what should be a flat field."""
    delivered(tmp_path, generated(tmp_path, kind), out=tmp_path / "out")
    for path in sorted((tmp_path / "out" / "images").glob("*.dcm")):
        image = pydicom.dcmread(path)
        cu = image.pixel_array * float(image.RescaleSlope)
        counted = sum(float(item.MetersetExposure) for item in image.ExposureSequence)
        inside = cu > 0.9 * counted
        # 3 mm from every edge, over more than 3000 pixels: 0.1 CU is far above the noise
        flat = binary_erosion(inside, iterations=14)
        assert flat.sum() > 3000
        assert float(cu[flat].min()) > counted - 0.3
        assert float(cu[flat].mean()) == pytest.approx(counted, abs=0.02)
