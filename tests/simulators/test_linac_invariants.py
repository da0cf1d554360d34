"""Jams, determinism, and any commands in any order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.linac import messages as m
from simulators.linac.states import TABLE, Cue, Interlock, State
from tests.simulators.builders import (
    machine,
    sliding_beam,
    static_beam,
)
from tests.simulators.rig import LinacRig, linac_rig, nak

MODEL = machine()
PULSE_MU = MODEL.mu_per_pulse


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
