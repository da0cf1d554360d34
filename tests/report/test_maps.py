"""Maps show where something is wrong, however small it is and however the grid runs."""

import re
from dataclasses import replace

import numpy as np
import pytest

from gateway.adapters.report.maps import MARGIN_MM, MapView, map_figure, reach_mm, worst_of_blocks
from gateway.domain.grids import RegularGrid


def grid(values: np.ndarray, spacing: tuple[float, float] = (-0.5, 0.5)) -> RegularGrid:
    rows, columns = values.shape
    origin = (-spacing[0] * (rows - 1) / 2, -spacing[1] * (columns - 1) / 2)
    return RegularGrid(values, origin, spacing)


def view(shown: RegularGrid) -> MapView:
    return MapView("Residual", shown, -10, 0, 10, (-10, 0, 10), "sigma", "words", "map-1")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_bad_pixel_of_a_large_map_is_still_drawn(sign: float) -> None:
    values = np.zeros((1190, 1190))
    values[701, 333] = sign * 9.0
    small = worst_of_blocks(grid(values))
    assert max(small.values.shape) <= 420
    row, column = np.argwhere(small.values == sign * 9.0)[0]
    large = grid(values)
    for axis, (at, was) in enumerate(((row, 701), (column, 333))):
        block = abs(small.spacing_mm[axis])
        assert small.coordinates_mm(axis)[at] == pytest.approx(
            large.coordinates_mm(axis)[was], abs=block / 2
        )


def test_a_block_is_empty_only_where_all_of_it_is() -> None:
    values = np.full((1200, 1200), np.nan)
    values[0, 0] = 1.0
    small = worst_of_blocks(grid(values))
    assert small.values[0, 0] == 1.0
    assert np.isnan(small.values[1:, 1:]).all()


def _place(page: str) -> dict[str, float]:
    image = re.search(r"<image ([^>]*)", page)
    assert image is not None
    return {name: float(value) for name, value in re.findall(r'(\w+)="(-?[\d.]+)"', image[1])}


@pytest.mark.parametrize("spacing", [(-0.5, 0.5), (0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)])
def test_a_map_looks_the_same_whichever_way_its_grid_runs(spacing: tuple[float, float]) -> None:
    values = np.arange(30.0).reshape(5, 6)
    turned = values[:: 1 if spacing[0] < 0 else -1, :: 1 if spacing[1] > 0 else -1]
    assert map_figure(view(grid(turned, spacing)), 4.0) == map_figure(view(grid(values)), 4.0)


def test_a_pixel_is_drawn_as_large_as_it_is() -> None:
    place = _place(map_figure(view(grid(np.ones((4, 4)))), 2.0))
    whole = 440.0 - 46.0 - 12.0
    assert place["width"] == pytest.approx(whole / 2, abs=0.01)


def test_the_view_reaches_around_what_was_judged() -> None:
    values = np.full((401, 401), np.nan)
    values[200, 200 + 80] = 1.0
    assert reach_mm(grid(values)) == pytest.approx(40.0 + MARGIN_MM)
    assert reach_mm(grid(np.full((3, 3), np.nan))) == MARGIN_MM


def test_nothing_is_painted_where_nothing_was_judged() -> None:
    empty = view(grid(np.full((3, 3), np.nan)))
    at_middle = replace(empty, grid=grid(np.zeros((3, 3))))
    assert map_figure(empty, 4.0) == map_figure(at_middle, 4.0)
