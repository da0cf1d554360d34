"""Distributions in the isocentre plane as pictures: residuals, gamma."""

from dataclasses import dataclass

import numpy as np

from gateway.adapters.report.canvas import WIDTH, Canvas, Scale, label, number
from gateway.adapters.report.heat_map import AHEAD, BEHIND
from gateway.adapters.report.markup import figure, tag
from gateway.adapters.report.png import Bytes, png_data_uri
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray

LARGEST = 420
"""Pixels across in the report; of larger maps the worst of each block is drawn."""
MARGIN_MM = 15.0
BAR_TOP, BAR_ROOM = 430.0, 46.0


@dataclass(frozen=True, slots=True)
class MapView:
    """A map with its scale from ``low`` to ``high``; blue is below ``middle``, red above it.

    What is at ``middle`` is not painted. ``marks`` are the numbers under the colour bar and
    ``unit`` what they mean. ``caption`` is markup. ``name`` makes its parts unique in the page.
    """

    title: str
    grid: RegularGrid
    low: float
    middle: float
    high: float
    marks: tuple[float, ...]
    unit: str
    caption: str
    name: str


def map_figure(view: MapView, half_mm: float) -> str:
    """The map from -``half_mm`` to ``half_mm``, IEC X to the right and Y upwards."""
    canvas = Canvas.of((-half_mm, half_mm), (-half_mm, half_mm), 430.0)
    grid = worst_of_blocks(_upright(_cropped(view.grid, half_mm)))
    rows, columns = grid.values.shape
    top = grid.origin_mm[0] - 0.5 * grid.spacing_mm[0]
    left = grid.origin_mm[1] - 0.5 * grid.spacing_mm[1]
    bottom, right = top + rows * grid.spacing_mm[0], left + columns * grid.spacing_mm[1]
    picture = tag(
        "image",
        x=canvas.x(left),
        y=canvas.y(top),
        width=canvas.x(right) - canvas.x(left),
        height=canvas.y(bottom) - canvas.y(top),
        preserveAspectRatio="none",
        href=png_data_uri(_colours(grid.values, view)),
    )
    area = tag(
        "rect",
        x=canvas.x.start,
        y=canvas.y.end,
        width=canvas.x.end - canvas.x.start,
        height=canvas.y.start - canvas.y.end,
    )
    content = (
        canvas.axes("X (mm at the isocentre)", "Y (mm at the isocentre)"),
        tag("clipPath", area, id=view.name),
        tag("g", picture, clip_path=f"url(#{view.name})"),
        _colour_bar(view),
    )
    taller = Canvas(canvas.x, canvas.y, BAR_TOP + BAR_ROOM)
    scale = f"Colours from {number(view.low)} to {number(view.high)} ({view.unit})"
    spoken = f"{scale}; IEC X to the right, Y up, in mm at the isocentre."
    drawing = taller.svg(spoken, *content, name=view.title)
    return figure(view.title, drawing, view.caption, "square")


def reach_mm(grid: RegularGrid) -> float:
    """Half the side of the square about the axis that holds every value that is a number."""
    rows, columns = np.nonzero(np.isfinite(grid.values))
    if rows.size == 0:
        return MARGIN_MM
    places = (grid.coordinates_mm(0)[rows], grid.coordinates_mm(1)[columns])
    return max(float(np.abs(place).max()) for place in places) + MARGIN_MM


def worst_of_blocks(grid: RegularGrid) -> RegularGrid:
    """``grid`` at most LARGEST across: the value farthest from 0 stands for its block.

    A single bad pixel stays to be seen. NaN only where a whole block is NaN.
    """
    block = max(1, -(-max(grid.values.shape) // LARGEST))
    if block == 1:
        return grid
    rows, columns = (size - size % block for size in grid.values.shape)
    parts = grid.values[:rows, :columns].reshape(rows // block, block, columns // block, block)
    tiles = parts.transpose(0, 2, 1, 3).reshape(rows // block, columns // block, block * block)
    size = np.where(np.isnan(tiles), -1.0, np.abs(tiles))
    worst = np.take_along_axis(tiles, size.argmax(axis=2)[..., np.newaxis], axis=2)[..., 0]
    shift = 0.5 * (block - 1)
    return RegularGrid(
        worst,
        tuple(o + shift * s for o, s in zip(grid.origin_mm, grid.spacing_mm, strict=True)),
        tuple(block * step for step in grid.spacing_mm),
    )


def _cropped(grid: RegularGrid, half_mm: float) -> RegularGrid:
    kept = [np.flatnonzero(np.abs(grid.coordinates_mm(axis)) <= half_mm) for axis in (0, 1)]
    if not all(found.size for found in kept):
        return grid
    first = [int(found[0]) for found in kept]
    return RegularGrid(
        grid.values[np.ix_(*kept)],
        tuple(
            o + place * s
            for o, s, place in zip(grid.origin_mm, grid.spacing_mm, first, strict=True)
        ),
        grid.spacing_mm,
    )


def _upright(grid: RegularGrid) -> RegularGrid:
    """Rows going down from the largest y, columns to the right from the smallest x."""
    values, origin, spacing = grid.values, list(grid.origin_mm), list(grid.spacing_mm)
    for axis, wanted in ((0, -1.0), (1, 1.0)):
        if spacing[axis] * wanted < 0.0:
            values = np.flip(values, axis)
            origin[axis] += spacing[axis] * (values.shape[axis] - 1)
            spacing[axis] = -spacing[axis]
    return RegularGrid(values, tuple(origin), tuple(spacing))


def _colours(values: FloatArray, view: MapView) -> Bytes:
    offset = np.nan_to_num(values, nan=view.middle) - view.middle
    room = np.where(offset < 0.0, view.middle - view.low, view.high - view.middle)
    share = np.clip(np.divide(offset, room, where=room > 0.0, out=np.zeros_like(offset)), -1, 1)
    pixels = np.zeros((*values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where(share[..., np.newaxis] < 0, BEHIND, AHEAD)
    pixels[..., 3] = np.rint(np.abs(share) * 255)
    return pixels


def _colour_bar(view: MapView) -> str:
    scale = Scale(view.low, view.high, 90.0, WIDTH - 90.0)
    steps = np.linspace(view.low, view.high, 129)[np.newaxis, :]
    place = {"x": 90.0, "y": BAR_TOP, "width": WIDTH - 180.0, "height": 12.0}
    parts = [
        tag("rect", **place, class_="area"),
        tag("image", **place, preserveAspectRatio="none", href=png_data_uri(_colours(steps, view))),
        tag("rect", **place, class_="frame"),
    ]
    for value in view.marks:
        at = scale(value)
        parts.append(tag("line", x1=at, y1=BAR_TOP, x2=at, y2=BAR_TOP + 16, class_="bar-tick"))
        parts.append(label(number(value), at, BAR_TOP + 28, "middle"))
    parts.append(label(view.unit, WIDTH / 2, BAR_TOP + 42, "middle", "name"))
    return "".join(parts)
