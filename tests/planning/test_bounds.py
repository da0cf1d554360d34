"""Bounds hold for the worst case of the simulated devices, and are finite."""

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.planning.bounds import (
    beam_time_bound_s,
    couch_move_bound_s,
    dose_rate_ceiling_mu_per_min,
    meterset_ceiling_mu,
    prepare_bound_s,
)
from gateway.planning.compile import compile_beam
from simulators.couch.jog import jog_between
from simulators.linac.approach import Approach
from simulators.linac.envelope import envelope
from tests.planning.builders import beam, room

EDGES = {Axis.X1: -140.0, Axis.X2: 140.0, Axis.Y1: -140.0, Axis.Y2: 140.0}


@pytest.mark.parametrize(
    "name", ["truebeam-m120", "truebeam-hd120", "halcyon", "agility", "generic"]
)
def test_a_machine_gets_anywhere_within_the_prepare_bound(name):
    home = room(name)
    fluence = "NON_STANDARD" if name == "halcyon" else "STANDARD"
    item = beam(of=home, axes=EDGES if name == "halcyon" else {}, fluence_mode=fluence)
    program = compile_beam(item, home)
    limits = envelope(home.machine)
    worst = Approach(limits.minimum, limits.maximum, limits.speed, limits.acceleration)
    assert worst.duration_s < prepare_bound_s(program, home) < 300.0


def test_a_couch_gets_anywhere_within_its_bound():
    home = room()
    couch = home.couch.axes
    everywhere = dict.fromkeys(couch, 10.0)
    program = compile_beam(beam(axes=everywhere), home)
    low, high = [tuple(getattr(a, end) for a in couch.values()) for end in ("minimum", "maximum")]
    speeds, accelerations = [
        tuple(getattr(a, name) for a in couch.values()) for name in ("speed", "acceleration")
    ]
    jog = jog_between(low, high, float(np.linalg.norm(speeds)), speeds, accelerations, 0.0)
    assert jog.end_s < couch_move_bound_s(program, home) < 200.0


def test_a_couch_that_stays_is_waited_for_no_longer_than_an_answer():
    home = room()
    program = compile_beam(beam(), home)
    assert couch_move_bound_s(program, home) == home.bounds.reply_timeout_s + 0.2


def test_ceilings_are_above_the_plan_and_follow_the_remainder():
    home = room()
    whole, rest = (
        compile_beam(beam(meterset_mu=1000.0), home, start_meterset_mu=start) for start in (0, 990)
    )
    assert meterset_ceiling_mu(whole, home.bounds) == pytest.approx(1010.0)
    assert meterset_ceiling_mu(rest, home.bounds) == pytest.approx(1000.5)
    assert dose_rate_ceiling_mu_per_min(whole, home.bounds) == pytest.approx(660.0)
    assert beam_time_bound_s(whole, home.bounds) == pytest.approx(100.0 * 1.1 + 2.0)
