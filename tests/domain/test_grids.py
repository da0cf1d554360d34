import numpy as np
import pytest

from gateway.domain.grids import RegularGrid
from gateway.domain.portal_image import ImageGeometry, PortalImage


def test_points_stand_at_origin_and_whole_spacings():
    grid = RegularGrid(np.zeros((3, 4)), (10.0, -5.0), (-2.0, 0.5))
    assert grid.coordinates_mm(0).tolist() == [10.0, 8.0, 6.0]
    assert grid.coordinates_mm(1).tolist() == [-5.0, -4.5, -4.0, -3.5]


def test_a_grid_does_not_follow_the_array_that_it_was_made_of():
    values = np.zeros((2, 2))
    grid = RegularGrid(values, (0.0, 0.0), (1.0, 1.0))
    values[0, 0] = 1.0
    assert grid.values[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        grid.values[0, 0] = 2.0


@pytest.mark.parametrize(
    ("shape", "origin", "spacing"),
    [
        ((2, 2), (0.0,), (1.0, 1.0)),
        ((2, 2), (0.0, 0.0), (1.0, 1.0, 1.0)),
        ((2, 2), (0.0, 0.0), (1.0, 0.0)),
        ((2, 2), (0.0, float("nan")), (1.0, 1.0)),
    ],
)
def test_a_grid_that_is_none_is_refused(shape, origin, spacing):
    with pytest.raises(ValueError, match="grid"):
        RegularGrid(np.zeros(shape), origin, spacing)


def _image(receptor_deg: float = 0.0) -> PortalImage:
    place = ImageGeometry(
        pitch_mm=(0.3, 0.6),
        first_pixel_mm=(-0.9, 0.45),
        sid_mm=1500.0,
        sad_mm=1000.0,
        panel_mm=(1.5, -3.0),
        receptor_deg=receptor_deg,
    )
    return PortalImage(np.zeros((4, 4)), "CU", place)


def test_an_image_at_the_isocentre_counts_from_the_axis_with_y_upwards():
    grid = _image().at_isocentre()
    assert grid.coordinates_mm(0) == pytest.approx([-1.7, -1.9, -2.1, -2.3])
    assert grid.coordinates_mm(1) == pytest.approx([0.4, 0.8, 1.2, 1.6])


def test_a_turned_receptor_has_no_rows_along_the_axes():
    with pytest.raises(ValueError, match="turned by 90"):
        _image(90.0).at_isocentre()


def test_pixels_that_are_no_numbers_make_no_image():
    with pytest.raises(ValueError, match="not finite"):
        PortalImage(np.full((2, 2), np.nan), "CU", _image().geometry)
