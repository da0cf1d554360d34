"""How long validation takes: of a clinical plan, and of whatever a node receives."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.dicom.iod.validation import validate
from tests.bench.figure import Better, Figure, median_spent, repeated
from tests.bench.images import large_image
from tests.bench.plans import generated_plan, real_plans
from tests.iod.objects import OBJECTS

PLAN_GOAL_S = 0.07
GOAL_BY_MINUTE = 1000.0
RUNS = 9
S_PER_MINUTE = 60.0


def validation_figures(folder: Path) -> Iterable[Figure]:
    """Seconds for each plan, then objects a minute on one core."""
    arc = generated_plan(folder, "vmat")
    yield _plan_figure("generated vmat", arc, PLAN_GOAL_S)
    for plan in real_plans():
        yield _plan_figure(plan.name, plan, PLAN_GOAL_S)
    image = large_image(folder)
    several = {kind: make() for kind, make in OBJECTS.items()}
    yield _rate_figure({**several, "arc": arc.read_bytes(), "image": image.read_bytes()})


def _plan_figure(name: str, path: Path, goal_s: float) -> Figure:
    content = path.read_bytes()
    runs = repeated(lambda: validate(content), RUNS)
    took = median_spent(runs)
    return Figure(
        f"validated: {name}",
        took.wall_s,
        "s",
        Better.LOWER,
        goal_s,
        {
            "best": min(run.wall_s for run in runs),
            "cpu_s": took.cpu_s,
            "bytes": len(content),
            "findings": len(validate(content).findings),
            "runs": RUNS,
        },
    )


def _rate_figure(objects: Mapping[str, bytes]) -> Figure:
    """By processor time, which is that of one core: nothing here runs beside anything else."""
    took = median_spent(repeated(lambda: [*map(validate, objects.values())], RUNS))
    return Figure(
        "validated objects a minute on one core",
        S_PER_MINUTE * len(objects) / took.cpu_s,
        "objects/min",
        Better.HIGHER,
        GOAL_BY_MINUTE,
        {
            "by_the_clock": S_PER_MINUTE * len(objects) / took.wall_s,
            "objects": len(objects),
            "bytes": sum(map(len, objects.values())),
            "runs": RUNS,
        },
    )
