"""A whole beam at once gives the very samples of the machine that speaks the wire."""

from pathlib import Path

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.program import MachineProgram, PathProfile
from simulators.ground_truth import Entry
from simulators.injection.gantry import SlowGantry
from simulators.injection.leaves import OffsetPositions, StuckLeaf
from simulators.linac import messages as m
from simulators.linac.disturbance import Disturb, Disturbed, MotionDisturbance, undisturbed
from simulators.linac.loading import loaded
from simulators.linac.program import Program
from simulators.linac.states import State
from simulators.linac.whole_beam import (
    AxisFaults,
    WholeBeam,
    encoder_noise,
    whole_beam,
)
from tests.simulators.builders import arc_beam, machine, rows, servo, sliding_beam, upload
from tests.simulators.rig import LinacRig, linac_rig

MODEL = machine()
SEED = 7
LEAF = MODEL.layout.names.index("MLCX_X1_02")
GANTRY = MODEL.layout.names.index("gantry")
REST_S = 1.0
"""Until what the servos lacked after the approach is nothing: 200 of their time constants."""


def delivered(
    commands: list[m.Command],
    folder: Path,
    model: MachineModel = MODEL,
    disturb: Disturb = undisturbed,
    bound_s: float = 120.0,
) -> tuple[list[m.Sample], Program, int]:
    """The wire machine's samples of a beam from rest, its program, and its readings before."""
    rig: LinacRig = linac_rig(model, folder, seed=SEED, disturb=disturb)
    try:
        crc32 = rig.load(commands)
        rig.ok(m.Prepare())
        rig.wait_for(State.PREPARED)
        rig.wait(REST_S)
        before = len(rig.samples)
        readings = rig.linac._drives._encoders._cycle
        rig.ok(m.BeamOn(crc32))
        rig.wait_for(State.COMPLETE, bound_s)
        program = rig.linac.program
        assert program is not None
        return rig.samples[before:], program, readings
    finally:
        rig.close()


def same(samples: list[m.Sample], beam: WholeBeam) -> None:
    """Bit for bit; no tolerance."""
    count = beam.state.size
    assert [sample.state for sample in samples[:count]] == beam.state.tolist()
    np.testing.assert_array_equal([each.s for each in samples[:count]], beam.s)
    umu = np.rint(beam.meterset_mu * 1e6).astype(int)
    assert [each.meterset_umu for each in samples[:count]] == umu.tolist()
    wire = np.array([each.positions for each in samples[:count]])
    np.testing.assert_array_equal(wire, beam.readings)


@pytest.mark.parametrize("make", [sliding_beam, arc_beam])
@pytest.mark.parametrize("noise_mm", [0.0, 0.005])
def test_the_samples_are_those_of_the_wire(make, noise_mm: float, tmp_path: Path) -> None:
    model = machine(servo=servo(position_noise_mm=noise_mm))
    samples, program, before = delivered(make(model), tmp_path, model)
    noise = encoder_noise(model, SEED)
    beam = whole_beam(model, program, noise, readings_before=before)
    assert beam.complete
    same(samples, beam)


class Unwritten(Entry):
    """Nobody asks what the fault did."""

    def __init__(self) -> None:
        self._facts = {}

    def note(self, **facts: object) -> None:
        pass


def faulty(motion: MotionDisturbance) -> Disturb:
    return lambda program: Disturbed(program.path.rows, (motion,))


@pytest.mark.parametrize(
    ("motion", "faults"),
    [
        (
            OffsetPositions(slice(LEAF, LEAF + 1), 1.2, 1.5, Unwritten()),
            AxisFaults({LEAF: (1.5, 1.2)}),
        ),
        (
            SlowGantry(GANTRY, 0.2, MODEL.sample_period_s, Unwritten()),
            AxisFaults(lag={GANTRY: (0.0, 0.2)}),
        ),
    ],
    ids=["offset", "lag"],
)
def test_faults_give_the_samples_of_the_wire(
    motion: MotionDisturbance, faults: AxisFaults, tmp_path: Path
) -> None:
    make = arc_beam if faults.lag else sliding_beam
    samples, program, before = delivered(make(MODEL), tmp_path, disturb=faulty(motion))
    beam = whole_beam(MODEL, program, encoder_noise(MODEL, SEED), faults, readings_before=before)
    assert beam.complete
    same(samples, beam)


class _StuckFor(StuckLeaf):
    """A leaf that sticks for so many cycles: what holds the beam, and lets it go."""

    def __init__(self, column: int, from_s: float, cycles: int) -> None:
        super().__init__(column, from_s, Unwritten())
        self._left = cycles

    def disturb(self, actual: np.ndarray, s: float, time_ns: int) -> None:
        if s >= 1.0:
            self._left -= 1
        if self._left > 0:
            super().disturb(actual, s, time_ns)


def test_a_stuck_leaf_holds_the_beam_as_on_the_wire(tmp_path: Path) -> None:
    """The wire's leaf comes free again, so that its beam ends; they are the same until then."""
    samples, program, before = delivered(
        sliding_beam(MODEL), tmp_path, disturb=faulty(_StuckFor(LEAF, 1.0, 100))
    )
    noise = encoder_noise(MODEL, SEED)
    stuck = AxisFaults(stuck={LEAF: 1.0})
    beam = whole_beam(MODEL, program, noise, stuck, readings_before=before, longest_hold_s=5.0)
    assert not beam.complete
    first = int(np.argmax(beam.s >= 1.0))
    held = beam.state == State.HELD
    assert held[first:].any()
    assert first < int(np.argmax(held)) < first + 99  # both stuck, and held, for a while
    until = first + 98
    np.testing.assert_array_equal(
        [each.positions for each in samples[:until]], beam.readings[:until]
    )
    assert [each.state for each in samples[:until]] == beam.state[:until].tolist()
    assert np.unique(beam.meterset_mu[held]).size == 1  # nothing is given while held


def test_no_cycle_with_beam_is_out_of_tolerance() -> None:
    program = _program(sliding_beam(MODEL))
    beam = whole_beam(MODEL, program, encoder_noise(MODEL, 3), AxisFaults(stuck={LEAF: 2.0}))
    error_mm = np.abs(beam.expected - beam.readings / 1000.0)
    beaming = beam.state == State.BEAM_ON
    assert (error_mm[beaming].max(axis=0) <= 2.0).all()  # the builders' hold tolerance
    given = np.diff(beam.meterset_mu, prepend=0.0)
    assert given[1:][beam.state[:-1] == State.HELD].max(initial=0.0) == 0.0


def test_the_servo_stands_its_time_constant_behind() -> None:
    """10 mm/s and 5 ms: 0.05 mm behind."""
    beam = whole_beam(MODEL, _program(sliding_beam(MODEL)))
    lag = (beam.expected - beam.actual)[10:-1, LEAF]
    np.testing.assert_allclose(lag, 0.05, rtol=1e-6)


def test_the_counter_ends_at_the_nearest_pulse_of_the_program() -> None:
    program = _program(sliding_beam(MODEL))
    beam = whole_beam(MODEL, program)
    end_mu = program.end_umu / 1e6
    assert abs(beam.meterset_mu[-1] - end_mu) <= MODEL.mu_per_pulse / 2 + 1e-6
    over = whole_beam(MODEL, program, overrun_mu=1.0)
    assert over.meterset_mu[-1] - end_mu == pytest.approx(1.0, abs=MODEL.mu_per_pulse)


def test_a_trajectory_has_the_columns_of_the_machine() -> None:
    program = _program(
        upload(
            rows(MODEL, 2, gantry=np.array([0.0, 3.0])),
            np.array([0.0, 2.0]),
            np.array([[0.0, 0.0, 1.0, 0.0]]),
            1.0,
        )
    )
    beam = whole_beam(MODEL, program)
    expected = beam.trajectory("expected")
    assert expected.axes[Axis.GANTRY][-1] == 3.0
    assert expected.time_s[0] == MODEL.sample_period_s
    assert expected.leaves["MLCX"].shape == (beam.s.size, 8)
    assert not expected.held.any()
    with pytest.raises(ValueError, match="no measured"):
        beam.trajectory("measured")


def test_a_program_of_the_gateway_is_the_one_that_is_uploaded() -> None:
    wire = _program(sliding_beam(MODEL))
    path = wire.path
    time_s, s, speed, acceleration = path.pieces.T
    program = MachineProgram(
        beam_number=wire.beam_number,
        beam_name=wire.beam_name,
        mode=wire.mode,
        layout=MODEL.layout,
        positions=path.rows + 4e-4,
        meterset_mu=path.meterset_mu + 4e-7,
        plan_control_point=np.arange(len(path.rows), dtype=float),
        profile=PathProfile(time_s, s, speed, acceleration, path.duration_s),
        maximum_dose_rate_mu_per_min=wire.maximum_dose_rate_mu_per_min,
        verified=frozenset(),
        couch={},
    )
    ours, theirs = whole_beam(MODEL, loaded(program)), whole_beam(MODEL, wire)
    np.testing.assert_array_equal(ours.readings, theirs.readings)
    np.testing.assert_array_equal(ours.meterset_mu, theirs.meterset_mu)


def _program(commands: list[m.Command]) -> Program:
    """The program that an upload makes."""
    from simulators.linac.program import Upload

    begin, *middle, end = commands
    assert isinstance(begin, m.LoadBegin)
    assert isinstance(end, m.LoadEnd)
    taken = Upload(begin, MODEL.layout.size)
    for command in middle:
        if isinstance(command, m.LoadControlPoint):
            taken.add_control_point(command)
        else:
            assert isinstance(command, m.LoadProfile)
            taken.add_pieces(command)
    return taken.finish(end.crc32, MODEL.beam_modes)
