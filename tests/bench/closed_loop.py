"""The machine's closed loop over a whole arc at once."""

from collections.abc import Callable, Iterable
from pathlib import Path

from gateway.app.intake import take_in
from gateway.planning.compile import compile_beam
from simulators.linac.loading import loaded
from simulators.linac.whole_beam import AxisFaults, WholeBeam, encoder_noise, whole_beam
from tests.bench.figure import Better, Context, Figure, median_spent, repeated
from tests.bench.plans import MACHINE, bench_settings, generated_plan

GOAL = 5000.0
RUNS = 25
STUCK_LEAF_S = 60.0


def closed_loop_figures(folder: Path) -> Iterable[Figure]:
    """Machine seconds a second of noisy arcs, with a stuck leaf too; a run with fresh noise."""
    intake = take_in(
        generated_plan(folder, "vmat"),
        bench_settings(folder),
        fraction_group=None,
        room_name=MACHINE,
    )
    model = intake.room.machine
    program = loaded(compile_beam(intake.plan.beams[1], intake.room))
    noise = encoder_noise(model, 1)
    leaf = model.layout.mlc_slices["MLCX"].start + 30

    def clean() -> WholeBeam:
        return whole_beam(model, program, noise)

    def stuck() -> WholeBeam:
        faults = AxisFaults(stuck={leaf: 60.0})
        return whole_beam(model, program, noise, faults, longest_hold_s=STUCK_LEAF_S)

    def seeded() -> WholeBeam:
        return whole_beam(model, program, encoder_noise(model, 2))

    beam = clean()
    if not beam.complete or beam.held_s > 0.0:
        raise RuntimeError("a clean beam was held: what is timed is not what was meant")
    yield _figure("closed loop, 20 ms", clean, GOAL)
    yield _figure("closed loop, 20 ms, a leaf stuck", stuck, None)
    yield _figure("closed loop, 20 ms, with noise drawn anew", seeded, None)


def _figure(name: str, run: Callable[[], WholeBeam], goal: float | None) -> Figure:
    beam = run()
    machine_s = beam.state.size * beam.cycle_s
    took = median_spent(repeated(run, RUNS))
    context: Context = {
        "by_the_clock": machine_s / took.wall_s,
        "machine_s": machine_s,
        "axes": beam.expected.shape[1],
        "held_s": beam.held_s,
        "cpu_s": took.cpu_s,
        "runs": RUNS,
    }
    return Figure(name, machine_s / took.cpu_s, "s per CPU second", Better.HIGHER, goal, context)
