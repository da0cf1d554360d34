"""Pixels of a portal image stand where IEC 61217 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from gateway.dicom.image_plane import ImagePlane

IVIEW = ImagePlane(1024, 1024, 0.4, 1600.0, 1000.0, (3.4, -1.7))
AS1000 = ImagePlane(768, 1024, 0.392, 1400.0, 1000.0)


def written(plane: ImagePlane) -> Dataset:
    dataset = Dataset()
    plane.add_to(dataset)
    return dataset


def pixel_of(dataset: Dataset, gantry_mm: tuple[float, float, float]) -> tuple[float, float]:
    """Column and row, by the attributes alone, of a point in the IEC gantry system."""
    x, y, z = gantry_mm
    sad, sid = float(dataset.RadiationMachineSAD), float(dataset.RTImageSID)
    tx, ty, tz = (float(value) for value in dataset.XRayImageReceptorTranslation)
    assert tz == sad - sid
    xr, yr = x * sid / (sad - z) - tx, y * sid / (sad - z) - ty
    first_x, first_y = (float(value) for value in dataset.RTImagePosition)
    row_spacing, column_spacing = (float(value) for value in dataset.ImagePlanePixelSpacing)
    return (xr - first_x) / column_spacing, (first_y - yr) / row_spacing


@pytest.mark.parametrize(
    ("plane", "gantry_mm", "pixel"),
    [
        (IVIEW, (-40.605531806, 25.616999815, 30.330844156), (335.497376817, 401.576844736)),
        (AS1000, (-38.953421699, -21.310889132, -7.840723327), (373.462947128, 459.01820101)),
    ],
    ids=["shifted panel", "panel wider than high"],
)
def test_golden_points_fall_on_their_pixels(
    plane: ImagePlane, gantry_mm: tuple[float, float, float], pixel: tuple[float, float]
) -> None:
    # the points are given to 1e-9 mm, a pixel is 0.4 mm
    assert pixel_of(written(plane), gantry_mm) == pytest.approx(pixel, abs=1e-7)


@given(st.integers(1, 2000), st.integers(1, 2000), st.floats(0.1, 2.0), st.floats(800.0, 2000.0))
def test_the_first_pixel_mirrors_the_last(
    rows: int, columns: int, pitch: float, sid: float
) -> None:
    plane = ImagePlane(rows, columns, pitch, sid, 1000.0)
    x, y = plane.first_pixel_mm
    assert x + (columns - 1) * pitch == pytest.approx(-x, abs=1e-9)
    assert y - (rows - 1) * pitch == pytest.approx(-y, abs=1e-9)
    assert written(plane).RTImagePlane == "NORMAL"
