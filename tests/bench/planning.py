"""From a plan file to programs, and from programs to samples."""

from collections.abc import Sequence
from pathlib import Path

from gateway.app.intake import compile_beams, take_in
from gateway.dicom.plan_file import read_plan
from gateway.domain.errors import InputError, PlanRejected
from gateway.planning.compile import compile_beam, sample_program
from gateway.settings import Settings
from tests.bench.figure import Better, Figure, median_spent, repeated
from tests.bench.plans import MACHINE, bench_settings, generated_plan, real_plans

ARC_GOAL_S = 0.2
RUNS = 9


def planner_figure(folder: Path) -> Figure:
    """Samples of 20 ms a second, from resolved beams, by compiling and sampling them."""
    plan = generated_plan(folder, "vmat")
    intake = take_in(plan, bench_settings(folder), fraction_group=None, room_name=MACHINE)
    period_s = intake.room.machine.sample_period_s

    def samples() -> int:
        programs = [compile_beam(beam, intake.room) for beam in intake.plan.beams.values()]
        return sum(sample_program(program, period_s).time_s.size for program in programs)

    took = median_spent(repeated(samples, RUNS))
    return Figure(
        "planner, compiled and sampled every 20 ms",
        samples() / took.wall_s,
        "samples/s",
        Better.HIGHER,
        context={"per_cpu_second": samples() / took.cpu_s, "samples": samples(), "runs": RUNS},
    )


def intake_figures(folder: Path) -> list[Figure]:
    """Reading, checking and compiling the generated arc plan and every real plan."""
    settings = bench_settings(folder)
    generated = _figure(generated_plan(folder, "vmat"), settings, "generated vmat", ARC_GOAL_S)
    return [generated, *(_figure(plan, settings, plan.name, None) for plan in real_plans())]


def _figure(path: Path, settings: Settings, name: str, goal_s: float | None) -> Figure:
    groups = _fraction_groups(path)
    runs = repeated(lambda: _take_in(path, settings, groups), RUNS)
    took = median_spent(runs)
    return Figure(
        f"read, checked and compiled: {name}",
        took.wall_s,
        "s",
        Better.LOWER,
        goal_s,
        {
            "best": min(run.wall_s for run in runs),
            "cpu_s": took.cpu_s,
            "outcome": _take_in(path, settings, groups),
            "runs": RUNS,
        },
    )


def _fraction_groups(path: Path) -> Sequence[int | None]:
    """Every fraction group; of a file that tells none, whichever it may have."""
    try:
        return read_plan(path).fraction_group_numbers or (None,)
    except InputError:
        return (None,)


def _take_in(path: Path, settings: Settings, groups: Sequence[int | None]) -> str:
    """What becomes of every fraction group, each read from the file as ``deliver`` does."""
    beams = 0
    for group in groups:
        try:
            intake = take_in(path, settings, fraction_group=group, room_name=None)
        except PlanRejected as refused:
            return f"refused: {refused.findings[0].rule}"
        except InputError as error:
            return f"refused: {error}"
        beams += len(compile_beams(intake, [(number, 0.0) for number in intake.plan.beams]))
    return f"{beams} beams"
