"""From the machine's samples to a trajectory that can be subtracted from the plan."""

from collections.abc import Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.delivery import MachineState
from gateway.domain.program import MachineProgram
from gateway.domain.telemetry import BeamTelemetry
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import NS_PER_S, WIRE_UNITS_PER_MM, FloatArray, frozen, frozen_flags

_RUNNING = (MachineState.BEAM_ON, MachineState.HELD)
_ENDED = (MachineState.COMPLETE, MachineState.TERMINATED, MachineState.FAULT)


def beam_span(telemetry: BeamTelemetry) -> slice:
    """The samples from first beam-on to the end, with the first one after it if there is one.

    That sample carries the last pulses. Empty when the beam was never on.
    """
    running = np.flatnonzero(np.isin(telemetry.state, _RUNNING))
    if running.size == 0:
        return slice(0, 0)
    first, last = int(running[0]), int(running[-1])
    ended = last + 1 < telemetry.state.size and int(telemetry.state[last + 1]) in _ENDED
    return slice(first, last + 2 if ended else last + 1)


def delivered_trajectory(telemetry: BeamTelemetry, program: MachineProgram) -> Trajectory | None:
    """The beam as the machine reported it, from first beam-on to the end; None if never on.

    Time counts from the first sample of the span. The couch keeps the last position it reported
    before each sample was received.
    """
    span = beam_span(telemetry)
    if span.stop == 0:
        return None
    layout = telemetry.layout
    positions = telemetry.positions[span] / WIRE_UNITS_PER_MM
    state = telemetry.state[span]
    clock_ns = telemetry.machine_time_ns[span]
    rows = np.arange(program.plan_control_point.size)
    axes: dict[Axis, FloatArray] = {
        axis: frozen(positions[:, column]) for column, axis in enumerate(layout.scalars)
    }
    return Trajectory(
        beam_number=telemetry.beam_number,
        source="telemetry",
        time_s=frozen((clock_ns - clock_ns[0]) / NS_PER_S),
        meterset_mu=frozen(telemetry.meterset_mu[span]),
        control_point=frozen(
            np.interp(telemetry.program_s[span], rows, program.plan_control_point)
        ),
        axes={**axes, **_couch_positions(telemetry, span)},
        leaves={
            device: frozen(positions[:, columns]) for device, columns in layout.mlc_slices.items()
        },
        beam_on=frozen_flags(state == MachineState.BEAM_ON),
        held=frozen_flags(state == MachineState.HELD),
    )


def _couch_positions(telemetry: BeamTelemetry, span: slice) -> Mapping[Axis, FloatArray]:
    if telemetry.couch_time_ns.size == 0:
        return {}
    latest = np.searchsorted(telemetry.couch_time_ns, telemetry.received_ns[span], side="right")
    latest = np.clip(latest - 1, 0, None)
    return {axis: frozen(column[latest]) for axis, column in telemetry.couch_mm.items()}
