"""Synthetic deliveries: a small machine with servo lag, noise, pulses and holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gateway.domain.axes import COUCH_TRANSLATIONS, Axis
from gateway.domain.delivery import (
    BeamDelivery,
    Interlock,
    MachineState,
    ReadBack,
    TerminationStatus,
)
from gateway.domain.evidence import BeamEvidence
from gateway.domain.reconciliation import Tolerance, Tolerances
from gateway.domain.telemetry import BeamTelemetry
from gateway.domain.units import FloatArray, frozen
from gateway.reconcile import delivered_trajectory
from tests.reconcile.sketches import MODE, SCALARS, Sketch

SAMPLE_S = 0.02
SAMPLE_NS = 20_000_000
MU_PER_PULSE = 0.028


def tolerances(**changed: Tolerance) -> Tolerances:
    """Limits as a site would set them for a digital accelerator."""
    ours = "test"
    quantities = {
        "leaf": Tolerance(1.0, 0.5, 0.8, "mm", ours),
        "jaw": Tolerance(1.0, None, None, "mm", ours),
        "meterset": Tolerance(0.1, None, None, "MU", ours),
        "dose_rate": Tolerance(0.02, None, None, "fraction", ours),
        "leaf_speed_loss": Tolerance(5.0, None, None, "mm/s", ours),
    }
    for axis in (Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION):
        quantities[axis.value] = Tolerance(1.0, None, None, "deg", ours)
    for axis in COUCH_TRANSLATIONS:
        quantities[axis.value] = Tolerance(2.0, None, None, "mm", ours)
    return Tolerances("test", quantities | changed)


Bend = Callable[[FloatArray, float], FloatArray]


def _as_is(positions: FloatArray, s: float) -> FloatArray:
    return positions


@dataclass(frozen=True)
class Machine:
    """How the synthetic machine follows a sketch, and what is wrong with it.

    ``commanded(target, s)`` bends where the servo goes, ``stuck`` maps a column to the path
    position from which it stands. ``dose_gain`` multiplies meterset, ``overrun_mu`` is added at
    the end. ``couch(t)`` gives the couch's drift. ``stop_s`` ends the beam at that path position.
    """

    seed: int = 0
    lag_s: float = 0.005
    noise_mm: float = 0.02
    hold_tolerance: float | None = None
    commanded: Bend = _as_is
    stuck: Mapping[int, float] = field(default_factory=dict)
    dose_gain: float = 1.0
    overrun_mu: float = 0.0
    slow: float = 1.0
    couch: Callable[[float], float] = field(default=lambda t: 0.0)
    stop_s: float | None = None


def leaf_column(sketch: Sketch, bank: str, leaf: int) -> int:
    """Where a leaf stands in the layout."""
    return len(SCALARS) + (sketch.pairs if bank == "X2" else 0) + leaf - 1


def deliver(sketch: Sketch, machine: Machine = Machine()) -> BeamEvidence:
    """Deliver ``sketch`` on ``machine`` until it completes, is stopped, or is held for 1 s."""
    program = sketch.program
    rows, duration = sketch.rows, program.profile.duration_s
    rng = np.random.default_rng(machine.seed)
    knots = np.arange(len(rows), dtype=np.float64)
    follow = 1 - np.exp(-SAMPLE_S / machine.lag_s)
    position = machine.commanded(rows[0].copy(), 0.0)
    standing: dict[int, float] = {}
    clock, t, held_s = 0.0, 0.0, 0.0
    state = MachineState.BEAM_ON
    samples: list[tuple[float, int, float, float, FloatArray]] = []
    while True:
        s = float(program.profile.s_at(np.array([clock]))[0])
        left = min(int(s), len(rows) - 2)
        expected = rows[left] + (s - left) * (rows[left + 1] - rows[left])
        position = position + follow * (machine.commanded(expected.copy(), s) - position)
        for column, since in machine.stuck.items():
            if s >= since:
                standing.setdefault(column, float(position[column]))
            if column in standing:
                position[column] = standing[column]
        meterset = machine.dose_gain * np.interp(s, knots, program.meterset_mu)
        pulses = np.floor((meterset - program.start_meterset_mu) / MU_PER_PULSE + 1e-9)
        delivered = program.start_meterset_mu + pulses * MU_PER_PULSE
        finished = clock >= duration
        if finished:
            state = MachineState.COMPLETE
            delivered += round(machine.overrun_mu / MU_PER_PULSE) * MU_PER_PULSE
        elif (machine.stop_s is not None and s >= machine.stop_s) or held_s > 1.0:
            state = MachineState.TERMINATED
        elif machine.hold_tolerance is not None:
            out = bool((np.abs(position - expected) > machine.hold_tolerance).any())
            state = MachineState.HELD if out else MachineState.BEAM_ON
        noise = rng.normal(0.0, machine.noise_mm, position.size)
        samples.append((t, int(state), s, float(delivered), position + noise))
        if state in (MachineState.COMPLETE, MachineState.TERMINATED):
            break
        held_s = held_s + SAMPLE_S if state is MachineState.HELD else 0.0
        clock += SAMPLE_S / machine.slow if state is MachineState.BEAM_ON else 0.0
        t += SAMPLE_S
    return _evidence(sketch, machine, samples)


def _evidence(
    sketch: Sketch,
    machine: Machine,
    samples: list[tuple[float, int, float, float, FloatArray]],
) -> BeamEvidence:
    program = sketch.program
    count = len(samples)
    state = np.array([sample[1] for sample in samples], dtype=np.int64)
    time_ns = np.arange(count, dtype=np.int64) * SAMPLE_NS
    couch_ns = np.arange(0, int(time_ns[-1]) + 1, 100_000_000, dtype=np.int64)
    drift = np.array([machine.couch(at / 1e9) for at in couch_ns])
    held = state == MachineState.HELD
    telemetry = BeamTelemetry(
        beam_number=sketch.number,
        layout=sketch.layout,
        sequence=np.arange(1, count + 1, dtype=np.int64),
        machine_time_ns=time_ns,
        received_ns=time_ns + 1_000_000,
        state=state,
        interlocks=np.where(held, int(Interlock.POSITION), 0).astype(np.int64),
        program_s=frozen(np.round([sample[2] for sample in samples], 4)),
        meterset_mu=frozen([sample[3] for sample in samples]),
        dose_rate_mu_per_min=frozen(np.zeros(count)),
        positions=np.rint(np.array([sample[4] for sample in samples]) * 1000).astype(np.int32),
        couch_time_ns=couch_ns,
        couch_mm={
            Axis.COUCH_VERTICAL: frozen(-120.0 + drift),
            Axis.COUCH_LONGITUDINAL: frozen(np.full(drift.size, 300.0)),
            Axis.COUCH_LATERAL: frozen(np.full(drift.size, 4.0)),
        },
    )
    complete = int(state[-1]) == MachineState.COMPLETE
    delivery = BeamDelivery(
        beam_number=sketch.number,
        beam_name=f"Beam {sketch.number}",
        planned_mu=float(sketch.meterset_mu[-1]),
        start_meterset_mu=program.start_meterset_mu,
        end_meterset_mu=samples[-1][3],
        termination_status=TerminationStatus.NORMAL if complete else TerminationStatus.MACHINE,
        termination_reason="" if complete else "hold: held for 1.0 s by POSITION",
        interlocks=("POSITION",) if held.any() else (),
        samples=count,
        lost_samples=0,
        started_ns=0,
        ended_ns=int(time_ns[-1]),
    )
    return BeamEvidence(
        beam=sketch.beam,
        program=program,
        planned=sketch.planned,
        delivered=delivered_trajectory(telemetry, program),
        telemetry=telemetry,
        read_back=read_back(sketch, program.positions[0]),
        delivery=delivery,
        mu_per_pulse=MU_PER_PULSE,
        frames=(),
        frames_sent=None,
        incidents=(),
    )


def read_back(sketch: Sketch, positions: FloatArray) -> ReadBack:
    """A PREPARED machine that stands at ``positions``."""
    program = sketch.program
    return ReadBack(
        state=MachineState.PREPARED,
        interlocks=Interlock.NONE,
        beam_number=sketch.number,
        mode=MODE.name,
        accessories=(),
        start_meterset_mu=program.start_meterset_mu,
        end_meterset_mu=program.end_meterset_mu,
        program_crc32=1,
        positions=np.rint(positions * 1000).astype(np.int32),
    )


def refused(sketch: Sketch, positions: FloatArray) -> BeamEvidence:
    """A beam that was never on because the machine reads back ``positions``."""
    evidence = deliver(sketch)
    delivery = replace(
        evidence.delivery,
        end_meterset_mu=evidence.program.start_meterset_mu,
        termination_status=TerminationStatus.MACHINE,
        termination_reason="READ_BACK: refused",
        samples=0,
    )
    return replace(
        evidence,
        delivered=None,
        telemetry=None,
        read_back=read_back(sketch, positions),
        delivery=delivery,
    )
