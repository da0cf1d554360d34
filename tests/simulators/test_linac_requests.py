"""Each request in each state, and what the dose counter remembers."""

from collections.abc import Callable

import numpy as np
import pytest

from simulators.linac import messages as m
from simulators.linac.states import State
from tests.simulators.builders import (
    TOKEN,
    machine,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)
from tests.simulators.rig import LinacRig, nak

MODEL = machine()
PULSE_MU = MODEL.mu_per_pulse


STATES: dict[State, Callable[[LinacRig], None]] = {
    State.IDLE: lambda _: None,
    State.LOADED: lambda rig: (rig.load(sliding_beam(MODEL)), None)[1],
    State.PREPARING: lambda rig: (rig.load(sliding_beam(MODEL)), rig.ok(m.Prepare()))[1],
    State.PREPARED: lambda rig: (
        rig.load(sliding_beam(MODEL)),
        rig.ok(m.Prepare()),
        rig.wait_for(State.PREPARED),
    )[2],
    State.BEAM_ON: lambda rig: rig.start(sliding_beam(MODEL)),
    State.HELD: lambda rig: (rig.start(sliding_beam(MODEL)), rig.ok(m.Hold()))[1],
    State.COMPLETE: lambda rig: rig.deliver(static_beam(MODEL)),
    State.TERMINATED: lambda rig: (rig.start(sliding_beam(MODEL)), rig.ok(m.Terminate()))[1],
    State.FAULT: lambda rig: (rig.linac.press_emergency_stop(), None)[1],
}
ANSWERS: dict[type, set[State]] = {
    m.Prepare: {State.LOADED},
    m.BeamOn: {State.PREPARED},
    m.Hold: {State.BEAM_ON, State.HELD},
    m.Resume: {State.HELD},
    m.Terminate: set(State),
    m.Unload: {State.IDLE, State.LOADED, State.PREPARED, State.COMPLETE, State.TERMINATED},
    m.AskReadBack: set(State) - {State.IDLE, State.FAULT},
    m.LoadBegin: {
        State.IDLE,
        State.LOADED,
        State.PREPARED,
        State.COMPLETE,
        State.TERMINATED,
    },
}
"""Where the protocol page accepts each request (FAULT here has no program)."""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", ANSWERS)
def test_each_request_in_each_state(rig: LinacRig, state: State, command: type) -> None:
    STATES[state](rig)
    assert rig.linac.state is state
    program = rig.linac.program
    request = {
        m.BeamOn: lambda: m.BeamOn(program.crc32 if program else 0),
        m.LoadBegin: lambda: static_beam(MODEL)[0],
    }.get(command, command)()
    reply = rig.send(request)
    if state in ANSWERS[command]:
        assert not isinstance(reply, m.Nak)
    else:
        assert nak(reply) is m.NakCode.BAD_STATE
        assert rig.linac.state is state


def test_beam_on_wants_the_program_that_is_loaded(rig: LinacRig) -> None:
    crc32 = rig.load(static_beam(MODEL))
    rig.ok(m.Prepare())
    rig.wait_for(State.PREPARED)
    assert nak(rig.send(m.BeamOn(crc32 ^ 1))) is m.NakCode.BAD_PROGRAM
    rig.ok(m.BeamOn(crc32))


def test_a_delivered_beam_is_not_taken_again(rig: LinacRig) -> None:
    rig.deliver(static_beam(MODEL))
    rig.send(*static_beam(MODEL)[:-1])
    assert nak(rig.send(static_beam(MODEL)[-1])) is m.NakCode.REPEATED
    rig.load(static_beam(MODEL, beam_number=2))
    rig.load(static_beam(MODEL, token=bytes(16)))


def test_a_beam_without_dose_may_be_loaded_again(rig: LinacRig) -> None:
    rig.load(static_beam(MODEL))
    rig.ok(m.Unload())
    rig.load(static_beam(MODEL))


def test_counters_of_earlier_deliveries_are_kept(rig: LinacRig) -> None:
    rig.deliver(static_beam(MODEL, mu=1.0))
    rig.deliver(static_beam(MODEL, mu=2.0, beam_number=2))
    assert rig.counter(1).meterset_umu / 1e6 == pytest.approx(1.0, abs=PULSE_MU / 2)
    assert rig.counter(2).meterset_umu / 1e6 == pytest.approx(2.0, abs=PULSE_MU / 2)
    unknown = rig.counter(3)
    assert (unknown.known, unknown.meterset_umu, unknown.beam_number) == (False, 0, 3)
    assert unknown.token == TOKEN


def test_a_continuation_starts_where_the_counter_stood(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(1.0)
    rig.ok(m.Terminate())
    given_umu = rig.counter().meterset_umu
    mu = np.array([given_umu / 1e6, 10.0, 20.0])
    other = bytes(16)
    assert 0 < given_umu < 10_000_000
    rig.deliver(upload(rows(MODEL, 3), mu, steady_pieces(3, 4.0), 4.0, token=other))
    rest = rig.counter(token=other)
    assert rest.start_umu == given_umu
    assert rest.meterset_umu / 1e6 == pytest.approx(20.0, abs=PULSE_MU / 2 + 1e-6)


def test_unloading_forgets_what_the_telemetry_shows(rig: LinacRig) -> None:
    rig.deliver(static_beam(MODEL))
    rig.ok(m.Unload())
    rig.wait(0.02)
    last = rig.samples[-1]
    assert (last.beam_number, last.s, last.meterset_umu) == (0, 0.0, 0)
