"""A beam on virtual time: motion, dose and read-back."""

from itertools import pairwise

import numpy as np
import pytest

from simulators.linac import messages as m
from simulators.linac.machine import MODE_UP_S
from simulators.linac.states import State
from tests.simulators.builders import (
    TICK_NS,
    arc_beam,
    machine,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)
from tests.simulators.rig import LinacRig

MODEL = machine()
PULSE_MU = MODEL.mu_per_pulse


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
