"""LCP/1 messages -> what the gateway speaks of: mm, degree, MU, second."""

from drivers.linac import messages as m
from drivers.linac.protocol import Sample, welcomed_layout
from gateway.domain.delivery import (
    CounterReading,
    MachineEvent,
    MachineIdentity,
    MachineSample,
    ReadBack,
)


def identity(welcome: m.Welcome) -> MachineIdentity:
    """Who the machine says it is."""
    return MachineIdentity(
        welcome.manufacturer,
        welcome.model_name,
        welcome.serial_number,
        welcome.software_version,
        welcome.sample_period / m.MICRO,
        welcome.dead_man / m.MILLI,
        welcomed_layout(welcome),
    )


def sample(arrived: Sample, received_ns: int) -> MachineSample:
    """A telemetry sample received at ``received_ns``."""
    telemetry = arrived.telemetry
    return MachineSample(
        arrived.sequence,
        telemetry.machine_time_ns,
        received_ns,
        telemetry.state,
        telemetry.interlocks,
        telemetry.beam_number,
        telemetry.program_s / m.S_STEPS,
        telemetry.meterset / m.MICRO,
        telemetry.dose_rate / m.MILLI,
        telemetry.positions,
    )


def event(arrived: m.Event) -> MachineEvent:
    """A change of state."""
    return MachineEvent(
        arrived.machine_time_ns, arrived.state, arrived.interlocks, arrived.code, arrived.text
    )


def read_back(reply: m.ReadBackReply) -> ReadBack:
    """The machine's verified state."""
    return ReadBack(
        reply.state,
        reply.interlocks,
        reply.beam_number,
        reply.mode,
        reply.accessories,
        reply.start_meterset / m.MICRO,
        reply.end_meterset / m.MICRO,
        reply.program_crc32,
        reply.positions,
    )


def counter(reply: m.Counter) -> CounterReading | None:
    """The counter's reading; None when the machine never loaded that beam."""
    if not reply.known:
        return None
    return CounterReading(
        reply.token,
        reply.beam_number,
        reply.start_meterset / m.MICRO,
        reply.meterset / m.MICRO,
        reply.finished,
    )
