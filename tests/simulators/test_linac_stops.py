"""Everything that holds or ends a beam: commands, dead-man, lost client, door, stop."""

import pytest

from simulators.linac import messages as m
from simulators.linac.states import Interlock, State
from tests.simulators.builders import (
    machine,
    sliding_beam,
    static_beam,
)
from tests.simulators.rig import LinacRig, nak

MODEL = machine()
PULSE_MU = MODEL.mu_per_pulse


def test_hold_and_resume(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(1.0)
    rig.ok(m.Hold())
    held = rig.counter().meterset_umu
    where = rig.samples[-1].s
    rig.wait(2.0)
    assert rig.linac.state is State.HELD
    assert rig.linac.interlocks == Interlock.OPERATOR_HOLD
    assert rig.counter().meterset_umu == held
    assert rig.samples[-1].s == where
    rig.ok(m.Hold())
    rig.ok(m.Resume())
    rig.wait_for(State.COMPLETE)
    assert rig.codes()[-3:] == ["OPERATOR_HOLD", "BEAM_ON", "COMPLETE"]
    assert rig.counter().meterset_umu / 1e6 == pytest.approx(20.0, abs=PULSE_MU / 2 + 1e-6)


def test_terminate_ends_and_keeps_the_counter(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(1.0)
    given = rig.counter()
    assert not given.finished
    rig.ok(m.Terminate())
    rig.ok(m.Terminate())
    rig.wait(1.0)
    after = rig.counter()
    assert (after.meterset_umu, after.finished) == (given.meterset_umu, True)
    assert rig.codes()[-1] == "TERMINATED"
    assert nak(rig.send(m.Resume())) is m.NakCode.BAD_STATE
    rig.ok(m.Unload())
    assert rig.counter() == after


def test_terminate_does_nothing_in_idle(rig: LinacRig) -> None:
    rig.ok(m.Terminate())
    assert rig.linac.state is State.IDLE
    assert rig.events == []


@pytest.mark.parametrize("beam_s", [0.0, 0.31])
def test_the_dead_man_ends_a_beam_in_time(rig: LinacRig, beam_s: float) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(beam_s)
    heard_ns = rig.t_ns
    rig.send(m.Heartbeat())
    rig.wait(1.0, heartbeat=False)
    assert rig.linac.state is State.TERMINATED
    assert rig.events[-1].code == "DEAD_MAN"
    assert rig.events[-1].time_ns == heard_ns + 250_000_000
    assert rig.events[-1].interlocks == Interlock.DEAD_MAN
    assert rig.counter().finished


def test_the_dead_man_counts_from_prepare(rig: LinacRig) -> None:
    rig.wait(5.0, heartbeat=False)
    rig.load(static_beam(MODEL))
    rig.ok(m.Prepare())
    started_ns = rig.t_ns
    rig.wait(1.0, heartbeat=False)
    assert rig.events[-1].code == "DEAD_MAN"
    assert rig.events[-1].time_ns == started_ns + 250_000_000


def test_no_heartbeat_is_wanted_before_and_after(rig: LinacRig) -> None:
    rig.load(static_beam(MODEL))
    rig.wait(2.0, heartbeat=False)
    assert rig.linac.state is State.LOADED


def test_a_late_loop_does_not_trip_the_dead_man(rig: LinacRig) -> None:
    """Heartbeats that came while nothing ran are heard before time goes on."""
    rig.start(sliding_beam(MODEL))
    rig.wait(0.1)
    rig.t_ns += 600_000_000
    rig.send(m.Heartbeat())
    rig.wait(0.02)
    assert rig.linac.state is State.BEAM_ON


def test_a_lost_client_holds_and_the_dead_man_ends(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(0.5)
    rig.events += rig.desk.leave(rig.t_ns)
    assert rig.events[-1].code == "OPERATOR_HOLD"
    given = rig.counter().meterset_umu
    rig.wait(1.0, heartbeat=False)
    assert rig.linac.state is State.TERMINATED
    assert rig.counter().meterset_umu == given


def test_the_door_ends_and_stands(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(0.5)
    rig.events += rig.linac.open_door()
    assert (rig.linac.state, rig.events[-1].code) == (State.TERMINATED, "DOOR")
    rig.load(static_beam(MODEL, beam_number=2))
    assert nak(rig.send(m.Prepare())) is m.NakCode.INTERLOCKED
    rig.linac.close_door()
    rig.ok(m.Prepare())


def test_the_emergency_stop_is_a_fault_until_restart(rig: LinacRig) -> None:
    rig.start(sliding_beam(MODEL))
    rig.wait(0.5)
    rig.events += rig.linac.press_emergency_stop()
    assert (rig.linac.state, rig.events[-1].code) == (State.FAULT, "EMERGENCY_STOP")
    rig.ok(m.Terminate())
    assert rig.linac.state is State.FAULT
    for command in (m.Prepare(), m.Unload(), m.Hold(), m.Resume(), static_beam(MODEL)[0]):
        assert nak(rig.send(command)) is m.NakCode.BAD_STATE
    assert rig.counter().finished
