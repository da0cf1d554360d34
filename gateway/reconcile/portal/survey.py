"""A first look at an image: how its edges are turned, how bright it is, where its field is."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray
from gateway.kernels.sampling import edge_moment
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.problems import Unmeasurable

COARSE_PIXELS = 320
"""The longer side of a coarse image, about."""
FEWEST_PIXELS, LARGEST_PIXEL_MM = 16, 1.5
"""An image has more on each side, and smaller ones at the isocentre plane."""
LEAST_ALIGNMENT = 0.2
"""A disk's edges point everywhere (0), a rectangle's two ways (1)."""
STEEP_PER_MM = 0.1
"""An edge rises by more than this part of the field's height on a mm."""
_BRIGHTEST = 12
QUARTER_DEG = 90.0


@dataclass(frozen=True, slots=True)
class Survey:
    """The image ``view`` with the collimator's rough angle, and its coarse form.

    ``picture`` (across, along) has steps of ``step_mm`` in both directions from ``first_mm``,
    symmetric to the axis; NaN outside the image. ``dark`` and ``bright`` are its extremes.
    ``alignment`` tells how far all edges are square to each other.
    """

    view: BeamView
    picture: FloatArray
    first_mm: float
    step_mm: float
    dark: float
    bright: float
    alignment: float
    stated_deg: float | None

    @property
    def level(self) -> float:
        """Half way between dark and bright."""
        return 0.5 * (self.dark + self.bright)

    def places_mm(self) -> FloatArray:
        """Where rows and columns of the picture are."""
        places: FloatArray = self.first_mm + self.step_mm * np.arange(
            self.picture.shape[0], dtype=np.float64
        )
        return places


def survey(view: BeamView, stated_deg: float | None) -> Survey:
    """Look at an image whose collimator angle is stated (degree), or not.

    Edges tell the angle but for quarter turns: the one nearest to what is stated is taken, or to 0.
    Raises Unmeasurable for an image without a field.
    """
    if min(view.pixels.shape) < FEWEST_PIXELS:
        raise Unmeasurable(f"{view.pixels.shape[0]} rows of {view.pixels.shape[1]} are too few")
    if view.pixel_mm > LARGEST_PIXEL_MM:
        raise Unmeasurable(f"pixels of {view.pixel_mm:.1f} mm at the isocentre are too large")
    side = max(1, round(max(view.pixels.shape) / COARSE_PIXELS))
    coarse = view.coarse(side)
    values = coarse.pixels.ravel()
    places = (0, values.size // 8, values.size // 4, values.size - _BRIGHTEST)
    lowest, dark, quarter, bright = map(float, np.partition(values, places)[list(places)])
    spread = quarter - lowest
    if not bright - dark > max(4.0 * spread, 1e-6 * abs(bright)):
        raise Unmeasurable("no field is seen: nothing stands out of the background")
    edge_deg, alignment = _edge_angle(view, bright - dark)
    angle = 0.0 if stated_deg is None else stated_deg
    if alignment >= LEAST_ALIGNMENT:
        off = (edge_deg - angle + 0.5 * QUARTER_DEG) % QUARTER_DEG - 0.5 * QUARTER_DEG
        angle += off
    turned = coarse.turned(angle)
    half = int(np.ceil(turned.reach_mm / turned.pixel_mm))
    first, count = -half * turned.pixel_mm, 2 * half + 1
    rows: FloatArray = first + turned.pixel_mm * np.arange(count, dtype=np.float64)
    step = np.full(count, turned.pixel_mm)
    picture = turned.lines(np.full(count, first), rows, step, count)
    return Survey(
        view.turned(angle),
        picture,
        first,
        turned.pixel_mm,
        dark,
        bright,
        alignment,
        stated_deg,
    )


def _edge_angle(view: BeamView, height: float) -> tuple[float, float]:
    """The direction of the edges modulo a quarter turn (degree), and their alignment."""
    real, imaginary, weight = edge_moment(view.pixels, *view.step_mm, STEEP_PER_MM * height)
    if weight == 0.0:
        return 0.0, 0.0
    angle = float(np.degrees(np.arctan2(imaginary, real))) / 4.0
    return angle, float(np.hypot(real, imaginary)) / weight
