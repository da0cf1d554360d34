"""What faults of motion and dose do to the machine, and the truth that is kept of them."""

import json
from typing import Any

import numpy as np
import pytest

from simulators.linac import messages as m
from simulators.linac.states import Interlock, State
from tests.simulators.builders import (
    arc_beam,
    room,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)

ROOM = room()
MODEL = ROOM.machine
PAIRS = MODEL.mlcs["MLCX"].pairs
READING = 0.04
"""Noise of 0.005 mm (5 sigma) and half an encoder step of 0.01 mm, and some servo lag at rest."""


def test_a_clean_room_stands_where_it_should(faulty: Any) -> None:
    one = faulty()
    assert one.run(sliding_beam(MODEL)) is State.COMPLETE
    content = json.loads((one.folder / "bench.ground-truth.json").read_text())
    assert content == {"room": "bench", "seed": 1, "faults": []}


def test_stuck_leaf_bare_chooses_a_leaf_that_moves(faulty: Any) -> None:
    one = faulty("stuck-leaf")
    assert one.run(sliding_beam(MODEL), 5.0) is State.HELD
    truth = one.truth()
    assert truth["injected"]
    assert (truth["beam"], truth["bank"], truth["device"]) == (1, "X2", "MLCX")
    assert truth["control_point"] == 1
    name = f"MLCX_X2_{truth['leaf']:02d}"
    assert MODEL.layout.names[truth["column"]] == name
    held = one.readings(name, State.HELD)
    assert held == pytest.approx(np.full(held.size, truth["position_mm"]), abs=READING)
    due = next(s.s for s in one.rig.samples if s.state is State.HELD) * 10.0 - 10.0
    assert truth["amount"] == pytest.approx(truth["position_mm"] - due, abs=0.1)
    assert abs(truth["amount"]) > MODEL.servo.leaf_hold_tolerance_mm - READING
    assert one.rig.linac.interlocks == Interlock.POSITION


def test_stuck_leaf_as_asked(faulty: Any) -> None:
    one = faulty("stuck-leaf:beam=1,bank=X1,leaf=3,from_cp=2")
    one.run(sliding_beam(MODEL), 5.0)
    truth = one.truth()
    assert (truth["bank"], truth["leaf"], truth["control_point"]) == ("X1", 3, 2)
    stuck = one.readings("MLCX_X1_03", State.HELD)[0]
    assert stuck == pytest.approx(0.0, abs=0.3)  # at row 2: -20 + 20, to a cycle of 0.2 mm
    others = one.readings("MLCX_X1_02", State.HELD)[0]
    assert others == pytest.approx(stuck + 2.0, abs=0.5)  # went on to the hold tolerance


def test_stuck_leaf_in_a_static_beam_sticks_before_its_place(faulty: Any) -> None:
    one = faulty("stuck-leaf")
    assert one.run(static_beam(MODEL)) is State.COMPLETE
    truth = one.truth()
    assert truth["injected"]
    assert truth["control_point"] == 0
    name = f"MLCX_X2_{truth['leaf']:02d}"
    assert one.readings(name) == pytest.approx(10.0 + truth["amount"], abs=READING)
    assert abs(truth["amount"]) == 1.5


def test_a_fault_of_another_beam_waits(faulty: Any) -> None:
    one = faulty("leaf-offset:beam=2")
    one.run(static_beam(MODEL))
    assert not one.truth()["injected"]
    one.run(static_beam(MODEL, beam_number=2))
    assert one.truth()["injected"]
    assert one.truth()["beam"] == 2


def test_leaf_offset_stays_below_the_machines_own_tolerance(faulty: Any) -> None:
    one = faulty("leaf-offset:leaf=2")
    assert one.run(sliding_beam(MODEL)) is State.COMPLETE
    assert State.HELD not in {sample.state for sample in one.rig.samples}
    beam = one.readings("MLCX_X2_02") - one.readings("MLCX_X2_03")
    assert beam == pytest.approx(np.full(beam.size, 1.5), abs=2 * READING)
    truth = one.truth()
    assert (truth["leaf"], truth["offset_mm"], truth["amount"]) == (2, 1.5, 1.5)


def test_bank_offset_moves_every_leaf_of_a_bank(faulty: Any) -> None:
    one = faulty("bank-offset:bank=X1,offset_mm=-1.2")
    assert one.run(static_beam(MODEL)) is State.COMPLETE
    for leaf in range(1, PAIRS + 1):
        assert one.readings(f"MLCX_X1_{leaf:02d}") == pytest.approx(-11.2, abs=READING)
        assert one.readings(f"MLCX_X2_{leaf:02d}") == pytest.approx(10.0, abs=READING)
    assert one.truth()["bank"] == "X1"


def test_swapped_banks_are_mirrored_and_the_machine_is_content(faulty: Any) -> None:
    one = faulty("swapped-banks")
    assert one.run(sliding_beam(MODEL)) is State.COMPLETE
    first = one.readings("MLCX_X1_01")[0], one.readings("MLCX_X2_01")[0]
    assert first == (pytest.approx(10.0, abs=0.3), pytest.approx(20.0, abs=0.3))
    assert one.truth()["amount"] == pytest.approx(50.0)  # X1 at the end: -30 for +20


def test_swapped_banks_pass_over_a_symmetric_beam(faulty: Any) -> None:
    one = faulty("swapped-banks")
    one.run(static_beam(MODEL))
    assert not one.truth()["injected"]
    one.run(sliding_beam(MODEL, beam_number=2))
    assert one.truth()["injected"]
    assert one.truth()["beam"] == 2


def test_gantry_lag_trails_in_an_arc(faulty: Any) -> None:
    one = faulty("gantry-lag")
    assert one.run(arc_beam(MODEL)) is State.COMPLETE
    lags = [
        -30.0 + sample.s * 3.0 - sample.positions[0] / 1000.0
        for sample in one.rig.samples
        if sample.state is State.BEAM_ON
    ]
    steady = np.array(lags)[100:-100]
    assert steady == pytest.approx(np.full(steady.size, 1.5), abs=0.025 + READING)  # tau v
    assert one.truth()["amount"] == pytest.approx(-1.5, abs=0.1)


def test_gantry_lag_in_seconds(faulty: Any) -> None:
    one = faulty("gantry-lag:seconds=0.25")
    assert one.run(arc_beam(MODEL)) is State.COMPLETE
    assert one.truth()["amount"] == pytest.approx(-1.25, abs=0.15)  # 0.25 s of 5 deg/s


@pytest.mark.parametrize(("place", "stop"), [(20.0, 18.5), (-20.0, -18.5), (0.0, -1.5)])
def test_gantry_lag_in_a_static_beam_stops_short(faulty: Any, place: float, stop: float) -> None:
    one = faulty("gantry-lag")
    table = rows(MODEL, 2, gantry=np.full(2, place))
    one.run(upload(table, np.array([0.0, 2.0]), steady_pieces(2, 0.2), 0.2))
    assert one.readings("gantry") == pytest.approx(stop, abs=READING)
    assert one.truth()["injected"]
    assert one.truth()["amount"] == pytest.approx(stop - place, abs=0.1)  # noted in steps of 0.1


def test_meterset_overrun_ends_above_the_program(faulty: Any) -> None:
    one = faulty("meterset-overrun:mu=1.5")
    assert one.run(sliding_beam(MODEL)) is State.COMPLETE
    assert one.rig.counter().meterset_umu / 1e6 == pytest.approx(21.5, abs=0.0141)  # half a pulse
    truth = one.truth()
    assert truth["injected"]
    assert truth["amount"] == pytest.approx(1.5, abs=0.0141)
    metersets = [sample.meterset_umu for sample in one.rig.samples]
    assert max(np.diff(metersets)) <= 0.2e6 + 28_000  # never above 600 MU/min and a pulse


def test_an_overrun_that_was_stopped_is_told_as_it_was(faulty: Any) -> None:
    one = faulty("meterset-overrun:mu=50")
    one.rig.start(static_beam(MODEL, mu=2.0))
    one.rig.wait(0.6)
    one.rig.ok(m.Terminate())
    one.rig.wait(0.1)
    over = one.rig.counter().meterset_umu / 1e6 - 2.0
    assert 0.5 < over < 5.0
    assert one.truth()["amount"] == pytest.approx(over)


def test_couch_drift_only_while_the_beam_is_on(faulty: Any) -> None:
    one = faulty("couch-drift")
    before = one.machines.couch.position
    assert one.run(sliding_beam(MODEL)) is State.COMPLETE
    one.rig.wait(1.0)
    after = one.machines.couch.position
    assert after[1] - before[1] == pytest.approx(4.0, abs=0.03)  # 4 s of beam, to a cycle
    assert (after[0], after[2]) == (before[0], before[2])
    truth = one.truth()
    assert (truth["axis"], truth["injected"]) == ("couch_longitudinal", True)
    assert truth["amount"] == pytest.approx(after[1] - before[1], abs=1e-3)


def test_couch_drift_keeps_the_sign_of_iec(faulty: Any) -> None:
    """The room maps Z = -vertical: creeping up is going down on the wire."""
    one = faulty("couch-drift:axis=vertical,mm_per_s=0.5")
    before = one.machines.couch.position[2]
    one.run(sliding_beam(MODEL))
    assert one.machines.couch.position[2] - before == pytest.approx(-2.0, abs=0.02)
