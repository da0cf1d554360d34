"""Images of nothing in particular: measured, or refused in words; never anything else."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.ball import measure_ball
from gateway.reconcile.portal.field import measure_field
from gateway.reconcile.portal.leaves import measure_leaves
from gateway.reconcile.portal.pickets import measure_picket_fence
from gateway.reconcile.portal.problems import Unmeasurable
from tests.portal.simulated import MACHINE, MLC, PANEL

RANDOM = np.random.default_rng(5)
Make = Callable[[FloatArray, FloatArray], FloatArray]
SIZES = [(1, 1), (3, 3), (17, 300), (30, 30), (300, 250)]
PICTURES: dict[str, Make] = {
    "nothing": lambda x, y: 0.0 * x,
    "even": lambda x, y: 7.0 + 0.0 * x,
    "noise": lambda x, y: RANDOM.normal(1000.0, 50.0, x.shape),
    "slope": lambda x, y: x + 2.0 * y,
    "half": lambda x, y: 100.0 * (x > x.mean()),
    "one pixel": lambda x, y: 1e6 * ((x == 9) & (y == 9)),
    "disc": lambda x, y: 1e3 * (np.hypot(x - x.mean(), y - y.mean()) < 0.25 * x.shape[1]),
    "hole": lambda x, y: 1e3 * (np.hypot(x - x.mean(), y - y.mean()) > 0.25 * x.shape[1]),
    "checkers": lambda x, y: 100.0 * ((x // 8 + y // 8) % 2),
    "stripes": lambda x, y: 100.0 * ((x // 20) % 2),
    "diagonals": lambda x, y: 100.0 * ((x + y) % 37 < 6) + RANDOM.normal(0.0, 1.0, x.shape),
    "thin": lambda x, y: 100.0 * (np.abs(x - y) < 2),
    "spots": lambda x, y: RANDOM.poisson(0.01, x.shape).astype(np.float64),
    "huge": lambda x, y: 1e300 * RANDOM.random(x.shape),
}


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pitch_mm", [0.05, 0.4, 5.0])
def test_it_is_measured_or_refused(picture: str, size: tuple[int, int], pitch_mm: float) -> None:
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    first = (-0.5 * (size[1] - 1) * pitch_mm, 0.5 * (size[0] - 1) * pitch_mm)
    place = ImageGeometry((pitch_mm, pitch_mm), first, 1500.0, 1000.0)
    image = PortalImage(PICTURES[picture](x, y), "counts", place)
    for measure in (
        measure_field,
        measure_ball,
        lambda one: measure_picket_fence(one, MLC),
        lambda one: measure_leaves(one, MACHINE, PANEL),
    ):
        with suppress(Unmeasurable):
            measure(image)
