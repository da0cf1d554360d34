"""The controller on virtual time, step by step as its protocol page tells it."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.linac import messages as m
from simulators.linac.machine import MODE_UP_S
from simulators.linac.states import TABLE, Cue, Interlock, State
from tests.simulators.builders import (
    TICK_NS,
    TOKEN,
    arc_beam,
    machine,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)
from tests.simulators.rig import LinacRig, linac_rig

MODEL = machine()
PULSE_MU = MODEL.mu_per_pulse


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LinacRig]:
    linac = linac_rig(MODEL, tmp_path)
    yield linac
    linac.close()


def nak(reply: m.Reply | None) -> m.NakCode:
    assert isinstance(reply, m.Nak), reply
    return reply.code


def test_a_beam_from_load_to_unload(rig: LinacRig) -> None:
    rig.deliver(static_beam(MODEL, mu=2.0))
    rig.ok(m.Unload())
    assert rig.codes() == ["LOADED", "PREPARING", "PREPARED", "BEAM_ON", "COMPLETE", "IDLE"]
    counter = rig.counter()
    assert counter.known
    assert counter.finished
    assert abs(counter.meterset_umu / 1e6 - 2.0) <= PULSE_MU / 2 + 1e-6


def test_samples_come_every_period_of_machine_time(rig: LinacRig) -> None:
    rig.deliver(static_beam(MODEL))
    assert {b.time_ns - a.time_ns for a, b in pairwise(rig.samples)} == {TICK_NS}


def test_prepare_takes_the_time_of_the_slowest_axis(rig: LinacRig) -> None:
    """180 deg at 6 deg/s and 6 deg/s2: 30 s and a ramp of 1 s."""
    rig.load(
        upload(
            rows(MODEL, 2, gantry=np.full(2, 180.0)),
            np.array([0.0, 1.0]),
            steady_pieces(2, 0.1),
            0.1,
        )
    )
    rig.ok(m.Prepare())
    started_ns = rig.t_ns
    rig.wait_for(State.PREPARED)
    assert 31.0 < (rig.t_ns - started_ns) / 1e9 < 31.2
    speeds = np.diff([sample.positions[0] for sample in rig.samples]) / 20.0
    assert np.abs(speeds).max() < 6.0 + 2 * 0.025 / 0.02  # noise and step of two readings


def test_prepare_takes_mode_up_at_least(rig: LinacRig) -> None:
    rig.load(static_beam(MODEL))
    rig.ok(m.Prepare())
    rig.wait_for(State.PREPARED)
    prepared = rig.t_ns
    rig.load(static_beam(MODEL, beam_number=2))
    rig.ok(m.Prepare())
    rig.wait_for(State.PREPARED)
    assert MODE_UP_S <= (rig.t_ns - prepared) / 1e9 < MODE_UP_S + 0.2


def test_read_back_is_what_was_loaded_and_measured(rig: LinacRig) -> None:
    crc32 = rig.load(static_beam(MODEL, accessories=("wedge 15",)))
    rig.ok(m.Prepare())
    rig.wait_for(State.PREPARED)
    reply = rig.send(m.AskReadBack())
    assert isinstance(reply, m.ReadBack)
    assert (reply.state, reply.crc32, reply.mode) == (State.PREPARED, crc32, "6X")
    assert (reply.start_umu, reply.end_umu) == (0, 2_000_000)
    assert reply.accessories == ("wedge 15",)
    error = reply.positions / 1000.0 - rows(MODEL, 2)[0]
    assert np.abs(error).max() < 0.04  # noise of 0.005 and half a step of 0.01


def test_dose_is_whole_pulses_and_never_goes_back(rig: LinacRig) -> None:
    rig.deliver(sliding_beam(MODEL))
    metersets = np.array([sample.meterset_umu for sample in rig.samples])
    assert (np.diff(metersets) >= 0).all()
    pulses = metersets / (PULSE_MU * 1e6)
    assert pulses == pytest.approx(np.rint(pulses), abs=1e-4)
    assert metersets[-1] / 1e6 == pytest.approx(20.0, abs=PULSE_MU / 2 + 1e-6)
    doses = sum(sample.dose_mu for sample in rig.samples)
    assert doses == pytest.approx(metersets[-1] / 1e6, abs=1e-6)


def test_dose_follows_the_path(rig: LinacRig) -> None:
    rig.deliver(sliding_beam(MODEL))
    for sample in rig.samples:
        if sample.state is State.BEAM_ON:
            due = sample.s * 5.0  # 4 s at 5 MU/s over 4 rows
            assert due - PULSE_MU - 1e-6 <= sample.meterset_umu / 1e6 <= due + 1e-6


def test_the_dose_rate_shown_is_that_of_the_program(rig: LinacRig) -> None:
    rig.deliver(sliding_beam(MODEL))
    rates = [sample.dose_rate_mu_per_min for sample in rig.samples if sample.s > 0.3]
    rates = [rate for rate in rates if rate]
    one_pulse = PULSE_MU / 0.2 * 60.0  # in the window of ten cycles
    assert rates == pytest.approx(np.full(len(rates), 300.0), abs=one_pulse)
    assert not any(s.dose_rate_mu_per_min for s in rig.samples if s.state is not State.BEAM_ON)


def test_leaves_trail_by_the_servo_lag(rig: LinacRig) -> None:
    """e = tau v: 5 ms at 10 mm/s is 0.05 mm, in the mean over the sweep."""
    rig.deliver(sliding_beam(MODEL))
    column = MODEL.layout.mlc_slices["MLCX"].start
    lags = [
        sample.s * 10.0 - 20.0 - sample.positions[column] / 1000.0
        for sample in rig.samples
        if sample.state is State.BEAM_ON and sample.s > 0.1
    ]
    # 5 sigma of the mean: noise 0.005 and a step of 0.01 over some 190 samples
    assert np.mean(lags) == pytest.approx(0.05, abs=5 * 0.006 / np.sqrt(len(lags)))


def test_positions_are_continuous_and_within_limits(rig: LinacRig) -> None:
    taken: list[np.ndarray] = []
    rig.start(arc_beam(MODEL))
    while rig.linac.state is State.BEAM_ON:
        rig.wait(0.02)
        taken.append(rig.samples[-1].actual.copy())
    speed = np.abs(np.diff(np.array(taken), axis=0)) / 0.02
    assert (speed <= rig.linac.limits.speed * 1.001).all()
    acceleration = np.abs(np.diff(np.array(taken)[:, 0], 2)) / 0.02**2
    assert acceleration.max() <= 6.0 * 1.05  # a lag smooths, and differences smooth more
    assert (np.array(taken) >= rig.linac.limits.minimum - 1e-9).all()
    assert (np.array(taken) <= rig.linac.limits.maximum + 1e-9).all()


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


class Jam:
    """A leaf that stays where it is between two moments (s of the path)."""

    def __init__(self, column: int, start: float, until_ns: int) -> None:
        self.column, self.start, self.until_ns = column, start, until_ns
        self.at: float | None = None

    def disturb(self, actual: np.ndarray, s: float, time_ns: int) -> None:
        if s >= self.start and time_ns < self.until_ns:
            self.at = float(actual[self.column]) if self.at is None else self.at
            actual[self.column] = self.at


def test_a_jammed_leaf_holds_the_beam_and_frees_it(tmp_path: Path) -> None:
    """The clock stands while a leaf is out of tolerance; no dose is given in the hold."""
    from simulators.linac.disturbance import Disturbed

    column = MODEL.layout.mlc_slices["MLCX"].start
    jam = Jam(column, 1.0, 6_000_000_000)
    rig = linac_rig(MODEL, tmp_path, disturb=lambda p: Disturbed(p.path.rows, (jam,)))
    rig.start(sliding_beam(MODEL))
    begun_ns = rig.t_ns
    assert begun_ns < 3_000_000_000
    rig.wait_for(State.COMPLETE)
    assert rig.codes()[-4:] == ["BEAM_ON", "POSITION", "BEAM_ON", "COMPLETE"]
    held = [sample for sample in rig.samples if sample.state is State.HELD]
    assert len({sample.meterset_umu for sample in held}) == 1
    assert len({sample.s for sample in held}) == 1
    assert {sample.interlocks for sample in held} == {Interlock.POSITION}
    for sample in rig.samples:
        if sample.state is State.BEAM_ON:
            error = sample.s * 10.0 - 20.0 - sample.positions[column] / 1000.0
            assert abs(error) <= MODEL.servo.leaf_hold_tolerance_mm + 1e-9
    assert rig.counter().meterset_umu / 1e6 == pytest.approx(20.0, abs=PULSE_MU / 2 + 1e-6)
    rig.close()


def test_resume_is_refused_while_a_leaf_is_out(tmp_path: Path) -> None:
    from simulators.linac.disturbance import Disturbed

    column = MODEL.layout.mlc_slices["MLCX"].start
    jam = Jam(column, 1.0, 1 << 62)
    rig = linac_rig(MODEL, tmp_path, disturb=lambda p: Disturbed(p.path.rows, (jam,)))
    rig.start(sliding_beam(MODEL))
    rig.wait_for(State.HELD)
    assert nak(rig.send(m.Resume())) is m.NakCode.INTERLOCKED
    rig.ok(m.Hold())
    assert rig.linac.interlocks == Interlock.POSITION | Interlock.OPERATOR_HOLD
    assert nak(rig.send(m.Resume())) is m.NakCode.INTERLOCKED
    rig.close()


def test_a_leaf_that_never_arrives_is_a_fault(tmp_path: Path) -> None:
    from simulators.linac.disturbance import BEFORE_BEAM, Disturbed

    column = MODEL.layout.mlc_slices["MLCX"].start
    jam = Jam(column, BEFORE_BEAM, 1 << 62)
    rig = linac_rig(MODEL, tmp_path, disturb=lambda p: Disturbed(p.path.rows, (jam,)))
    rig.load(static_beam(MODEL))
    rig.ok(m.Prepare())
    rig.wait_for(State.FAULT)
    assert rig.events[-1].code == "POSITION"
    rig.close()


def test_same_seed_and_commands_give_the_same_bytes(tmp_path: Path) -> None:
    def run(folder: Path, seed: int) -> list[bytes]:
        rig = linac_rig(MODEL, folder, seed=seed)
        rig.deliver(sliding_beam(MODEL))
        rig.close()
        return [sample.positions.tobytes() for sample in rig.samples]

    first = run(tmp_path / "a", 5)
    assert first == run(tmp_path / "b", 5)
    assert first != run(tmp_path / "c", 6)


def test_the_table_keeps_its_invariants() -> None:
    into = {
        state: {before for (before, _), after in TABLE.items() if after is state} for state in State
    }
    assert into[State.BEAM_ON] == {State.PREPARED, State.HELD}
    assert into[State.PREPARED] == {State.PREPARING}
    assert {after for (before, _), after in TABLE.items() if before is State.FAULT} == {State.FAULT}
    for state in set(State) - {State.IDLE, State.FAULT}:
        assert TABLE[state, Cue.TERMINATE] is State.TERMINATED


def beam_on(rig: LinacRig) -> None:
    program = rig.linac.program
    rig.send(m.BeamOn(program.crc32 if program else 0))


ACTIONS: dict[str, Callable[[LinacRig], object]] = {
    "prepare": lambda rig: rig.send(m.Prepare()),
    "beam": beam_on,
    "hold": lambda rig: rig.send(m.Hold()),
    "resume": lambda rig: rig.send(m.Resume()),
    "terminate": lambda rig: rig.send(m.Terminate()),
    "unload": lambda rig: rig.send(m.Unload()),
    "wait": lambda rig: rig.wait(0.3),
    "pause": lambda rig: rig.wait(0.3, heartbeat=False),
    "door": lambda rig: rig.linac.open_door(),
    "shut": lambda rig: rig.linac.close_door(),
    "leave": lambda rig: rig.desk.leave(rig.t_ns),
}
COMMANDS = st.sampled_from(["load", *ACTIONS])


@given(st.lists(COMMANDS, max_size=25))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_commands_keep_the_invariants(tmp_path: Path, commands: list[str]) -> None:
    """Meterset never falls within a load, dose only in BEAM_ON, the ledger equals the dose."""
    for file in tmp_path.iterdir():
        file.unlink()
    rig = linac_rig(MODEL, tmp_path)
    loads = 0
    given_mu: dict[int, float] = {}
    for name in commands:
        seen = len(rig.samples)
        if name == "load":
            beam = sliding_beam(MODEL, travel_mm=4.0, beam_number=loads + 1)
            loads += not isinstance(rig.send(*beam), m.Nak)
        else:
            ACTIONS[name](rig)
        for sample in rig.samples[seen:]:
            given_mu[sample.beam_number] = given_mu.get(sample.beam_number, 0.0) + sample.dose_mu
            if sample.dose_mu:
                assert sample.state in (State.BEAM_ON, State.COMPLETE)
            if sample.interlocks:
                assert sample.state is not State.BEAM_ON
    for beam, mu in given_mu.items():
        if beam:
            assert rig.counter(beam).meterset_umu / 1e6 == pytest.approx(mu, abs=1e-6)
    rig.close()
