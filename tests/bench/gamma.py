"""Gamma against pymedphys in the same run, each in its own environment, and how it grows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.domain.gamma import GammaCriteria, GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray
from gateway.reconcile.gamma import gamma
from gateway.reconcile.refined import refined
from tests.bench.figure import Better, Figure, Spent, median_spent, repeated
from tests.gamma.fields import cut, dose_volumes, panel_images
from tests.gamma.pymedphys import pymedphys_gamma

THREADS = 2
RUNS = 9
PLANE_GOAL, VOLUME_GOAL = 50.0, 200.0
FLIPS_GOAL, EXCESS_GOAL = 2e-4, 0.005
FINE_PLANE, FINE_VOLUME = 40, 30
"""``interp_fraction`` at which pymedphys is near enough to the truth to compare with."""


SAME_SURFACE = 5
"""Cells for one along each axis: the triangles are then near what is linear along each axis."""


def gamma_figures(folder: Path) -> Iterable[Figure]:
    """Images at two criteria, two volumes, and images of 1, 4 and 16 times the points."""
    images = panel_images()
    for limit in (3.0, 2.0):
        name = f"gamma 1024 x 768, {limit:g} %/{limit:g} mm"
        yield from _against_pymedphys(name, images, GammaCriteria(limit, limit), folder)
    criteria = GammaCriteria(3.0, 3.0)
    for shape, spacing in (((60, 100, 100), 2.5), ((150, 200, 200), 2.0)):
        name = f"gamma {' x '.join(map(str, shape[::-1]))}, 3 %/3 mm"
        yield from _against_pymedphys(name, dose_volumes(shape, spacing), criteria, folder)
    for times, size in ((1, (384, 512)), (4, (768, 1024)), (16, (1536, 2048))):
        yield _growth(times, panel_images(*size), criteria)


def _against_pymedphys(
    name: str, grids: tuple[RegularGrid, RegularGrid], criteria: GammaCriteria, folder: Path
) -> Iterable[Figure]:
    """Accuracy first: a kernel that is wrong is not worth timing."""
    plane = grids[0].values.ndim == 2
    yield from _accuracy(name, grids, criteria, folder)
    found, ours = _ours(grids, criteria)
    theirs, usual = pymedphys_gamma(*grids, criteria, folder)
    _, skipping = pymedphys_gamma(*grids, criteria, folder, skip_once_passed=True)
    yield Figure(
        f"{name}: times pymedphys by default",
        usual["wall_s"] / ours.wall_s,
        "x",
        Better.HIGHER,
        PLANE_GOAL if plane else VOLUME_GOAL,
        {
            "ours_s": ours.wall_s,
            "ours_cpu_s": ours.cpu_s,
            "threads": THREADS,
            "pymedphys_s": usual["wall_s"],
            "pymedphys_cpu_s": usual["cpu_s"],
            "times_skip_once_passed": skipping["wall_s"] / ours.wall_s,
            "points": found.counted,
            "pass_percent": found.pass_rate_percent,
            "pymedphys_pass_percent": _pass_percent(theirs),
            "mean": found.mean,
            "pymedphys_mean": float(np.nanmean(theirs)),
            "runs": RUNS,
        },
    )


def _accuracy(
    name: str, grids: tuple[RegularGrid, RegularGrid], criteria: GammaCriteria, folder: Path
) -> Iterable[Figure]:
    """Verdicts that differ from pymedphys' own at a fine step, and by how much gamma is above.

    Of a volume on a part of the reference; and with cells so fine that both have one surface.
    """
    reference, evaluated = grids
    if reference.values.ndim == 2:
        options: dict[str, float] = {"interp_fraction": FINE_PLANE}
    else:
        top = float(reference.values.max())
        reference = cut(reference, *((n // 2 - 8, n // 2 + 8) for n in reference.values.shape))
        evaluated = cut(evaluated, *((n // 2 - 14, n // 2 + 14) for n in evaluated.values.shape))
        options = {"interp_fraction": FINE_VOLUME, "global_normalisation": top}
        criteria = replace(criteria, normalisation=top)
    theirs, _ = pymedphys_gamma(reference, evaluated, criteria, folder, **options)
    judged = ~np.isnan(theirs)
    found = gamma(reference, evaluated, criteria, THREADS).grid.values
    same = gamma(reference, refined(evaluated, SAME_SURFACE), criteria, THREADS).grid.values
    above, above_same = (float(np.max((ours - theirs)[judged])) for ours in (found, same))
    context = {
        "points": int(judged.sum()),
        "mean_difference": float(np.mean((found - theirs)[judged])),
        "pass_percent": _pass_percent(found),
        "pymedphys_pass_percent": _pass_percent(theirs),
        "interp_fraction": options["interp_fraction"],
    }
    for surface, excess in (("simplices", above), ("its own surface", above_same)):
        title = f"{name}: most above pymedphys, on {surface}"
        yield Figure(title, excess, "1", Better.LOWER, EXCESS_GOAL, context)
    title = f"{name}: verdicts that differ"
    flips, same_flips = (
        float(np.mean((ours <= 1.0)[judged] != (theirs <= 1.0)[judged])) for ours in (found, same)
    )
    goal = FLIPS_GOAL if theirs.ndim == 2 else None
    context |= {"on_its_own_surface": same_flips}
    yield Figure(title, flips, "share", Better.LOWER, goal, context)


def _growth(times: int, grids: tuple[RegularGrid, RegularGrid], criteria: GammaCriteria) -> Figure:
    found, ours = _ours(grids, criteria)
    return Figure(
        f"gamma, images of {times} x the points",
        1e9 * ours.wall_s / found.grid.values.size,
        "ns a point",
        Better.LOWER,
        context={
            "ours_s": ours.wall_s,
            "ours_cpu_s": ours.cpu_s,
            "points": found.grid.values.size,
            "judged": found.counted,
        },
    )


def _ours(
    grids: tuple[RegularGrid, RegularGrid], criteria: GammaCriteria
) -> tuple[GammaMap, Spent]:
    """The map, and what it took when compiled."""
    found = gamma(*grids, criteria, THREADS)
    return found, median_spent(repeated(lambda: gamma(*grids, criteria, THREADS), RUNS))


def _pass_percent(values: FloatArray) -> float:
    return 100.0 * float(np.mean(values[~np.isnan(values)] <= 1.0))
