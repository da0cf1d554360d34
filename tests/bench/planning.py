"""From a plan file to programs, and from programs to samples."""

from pathlib import Path

from gateway.app.intake import compile_beams, take_in
from gateway.dicom.plan_file import read_plan
from gateway.domain.errors import GatewayError, InputError, PlanRejected
from gateway.planning.compile import compile_beam, sample_program
from gateway.settings import Settings
from tests.bench.figure import Better, Figure, median_spent, repeated
from tests.bench.plans import MACHINE, bench_settings, generated_plan, real_plans

INTAKE_GOAL_S = 0.2
RUNS = 7


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
    generated = _intake(generated_plan(folder, "vmat"), settings, "generated vmat")
    return [generated, *(_intake(plan, settings, plan.name) for plan in real_plans())]


def _intake(path: Path, settings: Settings, name: str) -> Figure:
    took = median_spent(repeated(lambda: _take_in(path, settings), RUNS))
    arc = "vmat" in name
    return Figure(
        f"read, checked and compiled: {name}",
        took.wall_s,
        "s",
        Better.LOWER,
        INTAKE_GOAL_S if arc else None,
        {"cpu_s": took.cpu_s, "outcome": _take_in(path, settings), "runs": RUNS},
    )


def _take_in(path: Path, settings: Settings) -> str:
    """What becomes of every fraction group, as ``deliver`` would do it."""
    try:
        groups = read_plan(path).fraction_group_numbers
    except InputError as error:
        return f"refused: {error}"
    beams = 0
    for group in groups:
        try:
            intake = take_in(path, settings, fraction_group=group, room_name=None)
        except PlanRejected as refused:
            return f"refused: {refused.findings[0].rule}"
        except GatewayError as error:
            return f"refused: {error}"
        beams += len(compile_beams(intake, [(number, 0.0) for number in intake.plan.beams]))
    return f"{beams} beams"
