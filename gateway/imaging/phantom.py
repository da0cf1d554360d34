"""What of the beam a phantom lets through to each pixel."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.geometry import PixelGrid, gantry_in_fixed, support_in_fixed
from gateway.domain.phantom import Phantom
from gateway.domain.units import FloatArray
from gateway.kernels.chords import add_ellipsoid, add_rod, add_slab
from gateway.kernels.image import Float32Array

_SLACK_PIXELS = 2


@dataclass(frozen=True, slots=True)
class View:
    """From where the panel sees the phantom: angles in degree, the rest in the gantry system.

    ``source_mm`` is the focal spot's place beside the axis, ``panel_mm`` the panel centre's, on its
    own plane at ``sid_mm``.
    """

    gantry_deg: float
    couch_deg: float
    source_mm: tuple[float, float]
    panel_mm: tuple[float, float]
    sid_mm: float
    sad_mm: float


def transmission(phantom: Phantom, grid: PixelGrid, view: View) -> Float32Array:
    """exp(-integral of the attenuation) along the ray to the middle of each pixel of ``grid``.

    ``grid`` is the panel's own, in mm on its plane.
    """
    path = path_lengths(phantom, grid, view)
    np.negative(path, out=path)
    result: Float32Array = np.exp(path, out=path)
    return result


def path_lengths(phantom: Phantom, grid: PixelGrid, view: View) -> Float32Array:
    """The attenuation's integral, without a unit, (rows, columns)."""
    path = np.zeros((grid.rows, grid.columns), np.float32)
    source, rays = _rays(grid, view)
    for body in phantom.ellipsoids:
        centre, axes = np.array(body.centre_mm), np.array(body.semi_axes_mm)
        window = _Window.around(grid, source, rays, centre, float(axes.max()))
        part, own = window.of(path, rays)
        add_ellipsoid(part, source, own, centre, axes, body.attenuation_per_mm)
    for rod in phantom.rods:
        start, end = np.array(rod.start_mm), np.array(rod.end_mm)
        reach = float(np.hypot(0.5 * np.linalg.norm(end - start), rod.radius_mm))
        window = _Window.around(grid, source, rays, 0.5 * (start + end), reach)
        part, own = window.of(path, rays)
        add_rod(part, source, own, start, end, rod.radius_mm, rod.attenuation_per_mm)
    for slab in phantom.slabs:
        corners = np.array([slab.low_mm, slab.high_mm])
        reach = 0.5 * float(np.linalg.norm(corners[1] - corners[0]))
        window = _Window.around(grid, source, rays, corners.mean(axis=0), reach)
        part, own = window.of(path, rays)
        add_slab(part, source, own, corners, slab.attenuation_per_mm)
    return path


def _rays(grid: PixelGrid, view: View) -> tuple[FloatArray, FloatArray]:
    """The source (3,); first pixel, step along a row and step down (3, 3), as the couch sees."""
    gantry = gantry_in_fixed(view.gantry_deg)
    couch = support_in_fixed(view.couch_deg).inverse
    depth = view.sad_mm - view.sid_mm
    first_x, first_y = grid.first_pixel_mm
    x, y = view.panel_mm[0] + first_x, view.panel_mm[1] + first_y
    pitch = grid.pitch_mm
    places = np.array(
        [
            [*view.source_mm, view.sad_mm],
            [x, y, depth],
            [x + pitch, y, depth],
            [x, y - pitch, depth],
        ]
    )
    source, first, along, down = couch(gantry(places))
    return source, np.array([first, along - first, down - first])


@dataclass(frozen=True, slots=True)
class _Window:
    """The pixels in which a body can be seen."""

    rows: slice
    columns: slice

    @classmethod
    def around(
        cls,
        grid: PixelGrid,
        source: FloatArray,
        rays: FloatArray,
        centre: FloatArray,
        reach_mm: float,
    ) -> "_Window":
        """Those in the shadow of a sphere; all of them where the source is inside of it."""
        normal = np.cross(rays[1], rays[2])
        normal /= np.linalg.norm(normal)
        to_panel = float((rays[0] - source) @ normal)
        to_centre = float((centre - source) @ normal) / to_panel
        nearest = to_centre - reach_mm / abs(to_panel)
        if nearest <= 0.0:
            return cls(slice(0, grid.rows), slice(0, grid.columns))
        shadow = source + (centre - source) / to_centre - rays[0]
        pitch = grid.pitch_mm
        column = float(shadow @ rays[1]) / pitch**2
        row = float(shadow @ rays[2]) / pitch**2
        aside = float(np.linalg.norm(shadow + rays[0] - source) / abs(to_panel))
        # a cone's cut is wider than its sphere, the more so off the axis and near the source
        radius = aside**2 * reach_mm / (nearest * pitch) + _SLACK_PIXELS
        return cls(_part(row, radius, grid.rows), _part(column, radius, grid.columns))

    def of(self, path: Float32Array, rays: FloatArray) -> tuple[Float32Array, FloatArray]:
        """The path's part, and the rays to it."""
        first = rays[0] + self.columns.start * rays[1] + self.rows.start * rays[2]
        return path[self.rows, self.columns], np.array([first, rays[1], rays[2]])


def _part(middle: float, radius: float, size: int) -> slice:
    start = min(max(int(np.floor(middle - radius)), 0), size)
    return slice(start, max(start, min(int(np.ceil(middle + radius)) + 1, size)))
