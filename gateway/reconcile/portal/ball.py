"""A ball bearing's shadow in an open field."""

import numpy as np

from gateway.domain.measured_image import Measured, MeasuredBall
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.survey import Survey, survey

EDGE_MM = 5.0
"""A ball is sought this far from the field's edges."""
PENUMBRA_MM = 3.0
"""What is looked at around it ends this far from the edges,"""
LARGEST_MM = 9.0
"""and reaches no farther than this."""
LEAST_CONTRAST = 0.02
LEAST_SIGMA = 8.0
"""A shadow is deeper than this part of the field, and than so many times its roughness."""
LEAST_LIGHT = 0.25
"""All around a ball there is field, no darker than this part of its height."""
SMALLEST_MM, WIDEST_MM = 1.5, 14.0
CORE_SHARE = 0.3
"""What is deeper than this part of the shadow's depth counts for its centre."""
SYSTEMATIC_MM = 0.02
SPHERE_HALF = 0.866
"""Half of its deepest shadow a sphere casts at this part of its radius (square root of 3/4)."""
_ROUNDS = 8


def measure_ball(image: PortalImage) -> MeasuredBall:
    """The one ball in an open field: the centroid of its shadow, weighted by depth.

    Raises Unmeasurable where the field shows no round shadow.
    """
    looked = survey(BeamView.of(image, "X"), image.collimator_deg)
    found = find_ball(looked)
    if found is None:
        raise Unmeasurable("no ball is seen in the field")
    return found


def find_ball(looked: Survey) -> MeasuredBall | None:
    """The ball in a field that was looked at; None where there is none."""
    where = _darkest_inside(looked)
    if where is None:
        return None
    x, y, room_mm = where
    return _measured(looked, x, y, min(LARGEST_MM, room_mm))


def _darkest_inside(looked: Survey) -> tuple[float, float, float] | None:
    """The darkest place well inside the field (gantry system) and the room around it, mm."""
    places = looked.places_mm()
    shown = np.nan_to_num(looked.picture, nan=looked.dark)
    inside = shown > looked.level
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if min(rows.size, columns.size) < 3:
        return None
    outer = np.zeros(shown.shape)
    for line in rows:
        spots = places[np.flatnonzero(inside[line])]
        outer[line] = np.minimum(places - spots[0], spots[-1] - places)
    across = np.full(shown.shape, -np.inf)
    for line in columns:
        spots = places[np.flatnonzero(inside[:, line])]
        across[:, line] = np.minimum(places - spots[0], spots[-1] - places)
    outer[~inside.any(axis=1)] = -np.inf
    room = np.minimum(outer, across) + 0.5 * looked.step_mm
    well_inside = room > EDGE_MM
    if not well_inside.any():
        return None
    row, column = divmod(int(np.where(well_inside, shown, np.inf).argmin()), shown.shape[1])
    around = shown[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    if around.min() < shown[row, column]:
        return None  # a flank of what stands at the edge, such as a leaf beside one farther out
    x, y = looked.view.gantry_mm(float(places[column]), float(places[row]))
    return x, y, float(room[row, column]) - PENUMBRA_MM


def _measured(looked: Survey, x_mm: float, y_mm: float, radius_mm: float) -> MeasuredBall | None:
    plate = _Patch(looked, x_mm, y_mm, radius_mm)
    if not plate.lit:
        return None
    depth = float(np.sort(plate.dip, axis=None)[-5:].mean())
    rough = 1.4826 * float(np.median(np.abs(plate.dip[plate.ring])))
    if depth < LEAST_CONTRAST or depth < LEAST_SIGMA * rough:
        return None
    area = float((plate.dip[~plate.ring] > 0.5 * depth).sum()) * plate.pixel_area
    diameter = 2.0 * float(np.sqrt(area / np.pi))
    if not SMALLEST_MM < diameter < min(WIDEST_MM, 1.8 * radius_mm):
        return None
    reach = 0.5 * diameter + 1.5
    x, y = x_mm, y_mm
    weights = np.zeros(plate.dip.shape)
    for _ in range(_ROUNDS):
        near = np.hypot(plate.x - x, plate.y - y) < reach
        weights = np.where(near, np.clip(plate.dip - CORE_SHARE * depth, 0.0, None), 0.0)
        total = float(weights.sum())
        if total <= 0.0:
            return None
        x, y = float((weights * plate.x).sum()) / total, float((weights * plate.y).sum()) / total
    if np.hypot(x - x_mm, y - y_mm) > radius_mm:
        return None
    used = weights > 0.0
    spread = float(np.sqrt((((plate.x - x) ** 2 + (plate.y - y) ** 2)[used]).sum() / 2.0))
    u = float(np.hypot(rough * spread / total, SYSTEMATIC_MM))
    return MeasuredBall(Measured(x, u), Measured(y, u), diameter / SPHERE_HALF, depth)


class _Patch:
    """The pixels around a place: where they are, and how far below a plane through the rim."""

    def __init__(self, looked: Survey, x_mm: float, y_mm: float, radius_mm: float) -> None:
        view = looked.view
        rows, columns = view.pixels.shape
        column = (x_mm - view.first_mm[0]) / view.step_mm[0]
        row = (y_mm - view.first_mm[1]) / view.step_mm[1]
        wide, high = (round(radius_mm / abs(step)) + 1 for step in view.step_mm)
        left, right = max(0, round(column) - wide), min(columns, round(column) + wide + 1)
        top, bottom = max(0, round(row) - high), min(rows, round(row) + high + 1)
        values = view.pixels[top:bottom, left:right] - looked.dark
        self.x, self.y = np.meshgrid(
            view.first_mm[0] + view.step_mm[0] * np.arange(left, right),
            view.first_mm[1] + view.step_mm[1] * np.arange(top, bottom),
        )
        away = np.hypot(self.x - x_mm, self.y - y_mm)
        self.ring = away > 0.75 * radius_mm
        plane = _plane(self.x[self.ring], self.y[self.ring], values[self.ring])
        background = plane[0] + plane[1] * self.x + plane[2] * self.y
        self.lit = bool((background > LEAST_LIGHT * (looked.bright - looked.dark)).all())
        self.dip: FloatArray = 1.0 - values / background if self.lit else np.zeros(values.shape)
        self.ring &= away <= radius_mm
        self.dip[away > radius_mm] = 0.0
        self.pixel_area = abs(view.step_mm[0] * view.step_mm[1])


def _plane(x: FloatArray, y: FloatArray, values: FloatArray) -> FloatArray:
    """Constant and slopes, least squares, what is far below left out (a ball beside the rim)."""
    design = np.stack([np.ones(x.size), x, y], axis=1)
    kept = values > np.median(values) - 3.0 * 1.4826 * np.median(np.abs(values - np.median(values)))
    solution: FloatArray = np.linalg.lstsq(design[kept], values[kept], rcond=None)[0]
    return solution
