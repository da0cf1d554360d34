"""Interlocks and frames that go wrong at their moment, and faults that cannot be injected."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulators.epid.messages import Kind, Span
from simulators.ground_truth import GroundTruth
from simulators.linac.states import State
from tests.simulators.builders import (
    machine,
    room,
    sliding_beam,
    static_beam,
)
from tests.simulators.faulty import FaultyRoom

ROOM = room()
MODEL = ROOM.machine


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        ("door-open:at_mu=5", State.TERMINATED, "DOOR"),
        ("emergency-stop:at_cp=1", State.FAULT, "EMERGENCY_STOP"),
    ],
)
def test_interlocks_end_the_beam_at_their_moment(
    faulty: Any, fault: str, state: State, code: str
) -> None:
    one = faulty(fault)
    assert one.run(sliding_beam(MODEL)) is state
    assert one.rig.events[-1].code == code
    truth = one.truth()
    assert truth["injected"]
    assert truth["at_mu"] == pytest.approx(5.0, abs=0.2)  # a cycle gives 0.1 MU
    assert one.rig.counter().meterset_umu / 1e6 == pytest.approx(truth["at_mu"])


def test_a_moment_that_is_not_named_is_half_of_the_dose(faulty: Any) -> None:
    one = faulty("door-open")
    one.run(sliding_beam(MODEL))
    assert one.truth()["at_mu"] == pytest.approx(10.0, abs=0.2)


def test_truth_is_on_file_at_once_and_anew_for_each_session(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    truth = GroundTruth(path, "a", 1)
    entry = truth.entry("stuck-leaf", {"leaf": 3})
    assert json.loads(path.read_text())["faults"] == [
        {"fault": "stuck-leaf", "leaf": 3, "injected": False}
    ]
    entry.note(injected=True)
    assert json.loads(path.read_text())["faults"][0]["injected"]
    GroundTruth(path, "a", 2)
    assert json.loads(path.read_text()) == {"room": "a", "seed": 2, "faults": []}


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        ("dropped-frame:frame=3", [1, 2, 4, 5]),
        ("duplicated-frame:frame=3", [1, 2, 3, 3, 4, 5]),
        ("reordered-frame:frame=3", [1, 2, 4, 3, 5]),
        ("reordered-frame:frame=5", [1, 2, 3, 4, 5]),
        ("dropped-frame", [1, 3, 4, 5]),
        ("dropped-frame:frame=9", [1, 2, 3, 4, 5]),
    ],
)
def test_frames_on_their_way(faulty: Any, fault: str, arrived: list[int]) -> None:
    one = faulty(fault)
    path = one.machines.injection.frame_path
    frames = [
        frame
        for number in range(1, 6)
        for frame in path.carry(Span(Kind.CINE, 1, number, 0, 1, 0, 1), bytes([number]))
    ]
    frames += path.flush()
    assert list(b"".join(frames)) == arrived
    assert one.truth()["injected"] == ("frame=9" not in fault)


def test_integrated_frames_are_left_alone(faulty: Any) -> None:
    path = faulty("dropped-frame:frame=1").machines.injection.frame_path
    assert path.carry(Span(Kind.INTEGRATED, 1, 1, 0, 1, 0, 1), b"x") == [b"x"]


def test_a_leaf_that_does_not_exist_is_not_injected(faulty: Any) -> None:
    one = faulty("leaf-offset:leaf=99")
    assert one.run(static_beam(MODEL)) is State.COMPLETE
    assert not one.truth()["injected"]


def test_the_wrong_mlc_is_not_injected(faulty: Any) -> None:
    one = faulty("bank-offset:device=MLCX2")
    one.run(static_beam(MODEL))
    assert not one.truth()["injected"]


def test_defaults_stay_below_a_tight_hold_tolerance(tmp_path: Path) -> None:
    servo = replace(MODEL.servo, leaf_hold_tolerance_mm=1.0)
    one = FaultyRoom(tmp_path, "leaf-offset", of=replace(ROOM, machine=machine(servo=servo)))
    assert one.run(static_beam(MODEL)) is State.COMPLETE
    assert one.truth()["offset_mm"] == 0.75
    one.machines.close()
