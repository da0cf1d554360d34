"""Small programs, samples and events for tests of delivery."""

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import Interlock, MachineSample, MachineState
from gateway.domain.machine import BeamMode
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.room import Bounds
from gateway.domain.units import frozen
from gateway.ports.store import StoredEvent

LAYOUT = AxisLayout((Axis.GANTRY, Axis.X1, Axis.X2), (("MLCX", 2),))
BOUNDS = Bounds(
    heartbeat_period_s=0.05,
    dead_man_s=0.25,
    hold_after_s=0.1,
    terminate_after_s=0.25,
    reply_timeout_s=1.0,
    connect_timeout_s=1.0,
    maximum_hold_s=2.0,
    maximum_operator_hold_s=20.0,
    meterset_overrun_mu=1.0,
    meterset_overrun_fraction=0.01,
    dose_rate_overrun_fraction=0.1,
    beam_time_overrun_fraction=0.1,
    beam_time_overrun_s=1.0,
)
SECOND = 1_000_000_000


def program(meterset_mu: float = 100.0, *, start_mu: float = 0.0) -> MachineProgram:
    """A static beam of 10 s at 600 MU/min, with every axis at a place of its own."""
    positions = np.tile(np.array([10.0, -50.0, 50.0, -20.0, -21.0, 20.0, 21.0]), (2, 1))
    return MachineProgram(
        beam_number=1,
        beam_name="field",
        mode=BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0),
        layout=LAYOUT,
        positions=frozen(positions),
        meterset_mu=frozen([start_mu, meterset_mu]),
        plan_control_point=frozen([start_mu / meterset_mu, 1.0]),
        profile=PathProfile(frozen([0.0]), frozen([0.0]), frozen([0.1]), frozen([0.0]), 10.0),
        maximum_dose_rate_mu_per_min=600.0,
        verified=frozenset({Axis.GANTRY, Axis.X1}),
        couch={},
    )


def sample(
    time_s: float,
    meterset_mu: float,
    state: MachineState = MachineState.BEAM_ON,
    *,
    rate: float = 600.0,
    interlocks: Interlock = Interlock.NONE,
) -> MachineSample:
    """A telemetry sample."""
    return MachineSample(
        sequence=1,
        machine_time_ns=round(time_s * SECOND),
        received_ns=round(time_s * SECOND),
        state=state,
        interlocks=interlocks,
        beam_number=1,
        program_s=0.5,
        meterset_mu=meterset_mu,
        dose_rate_mu_per_min=rate,
        positions=np.zeros(LAYOUT.size, dtype=np.int32),
    )


def events(*bodies: tuple[str, dict[str, object]], delivery_id: str = "D1") -> list[StoredEvent]:
    """Stored events of one delivery, in order."""
    return [
        StoredEvent(number, delivery_id, kind, number * SECOND, body, "")  # type: ignore[arg-type]
        for number, (kind, body) in enumerate(bodies, start=1)
    ]


def intent(**changes: object) -> tuple[str, dict[str, object]]:
    """The intent of a delivery of two beams of 100 MU."""
    body: dict[str, object] = {
        "plan_uid": "1.2.3",
        "plan_label": "plan",
        "fraction_group": 1,
        "fraction": 1,
        "room": "room",
        "seed": 7,
        "token": "00" * 16,
        "continues": None,
        "mu_per_pulse": 0.028,
        "beams": [
            {"number": n, "name": f"b{n}", "planned_mu": 100.0, "start_meterset_mu": 0.0}
            for n in (1, 2)
        ],
    }
    return "intent", body | changes


def beam_end(
    number: int, end_mu: float | None, status: str = "NORMAL"
) -> tuple[str, dict[str, object]]:
    """How a beam ended."""
    return "beam-end", {
        "beam": number,
        "end_meterset_mu": end_mu,
        "termination_status": status,
        "termination_reason": "",
    }
