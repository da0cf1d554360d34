"""What stands against delivering what a peer sends: told before anything is stored."""

import copy
from pathlib import Path

import pydicom
import pytest

from gateway.app.node.judging_process import judge
from gateway.domain.findings import has_errors
from gateway.settings import Settings
from tests.e2e.deliveries import generated
from tests.realdata import real_data

ROOM = "truebeam-m120"


def errors(path: Path, room: str = ROOM, served: str = ROOM) -> list[str]:
    """What is told against an object that is to be delivered in ``room``."""
    findings = judge(path.read_bytes(), path, room, served, Settings())
    return [one.message for one in findings if one.rule == "not-deliverable"]


def with_groups(plan: Path, count: int) -> Path:
    """The plan, with so many fraction groups."""
    dataset = pydicom.dcmread(plan)
    groups = dataset.FractionGroupSequence
    for number in range(2, count + 1):
        groups.append(copy.deepcopy(groups[0]))
        groups[-1].FractionGroupNumber = number
    path = plan.with_name(f"{count}-groups.dcm")
    dataset.save_as(path)
    return path


def test_a_plan_for_the_room_that_is_served_may_be_delivered(tmp_path: Path) -> None:
    plan = generated(tmp_path, "open-field")
    assert not has_errors(judge(plan.read_bytes(), plan, ROOM, ROOM, Settings()))


def test_a_plan_for_a_room_that_is_not_served_is_refused(tmp_path: Path) -> None:
    plan = generated(tmp_path, "open-field")
    assert errors(plan, served="halcyon") == [f"room {ROOM} is not served here"]


def test_several_fraction_groups_are_refused(tmp_path: Path) -> None:
    plan = with_groups(generated(tmp_path, "open-field"), 2)
    assert errors(plan) == ["has 2 groups, one is wanted"]


def test_an_ion_plan_is_refused_and_only_stored_where_nobody_wants_it_delivered() -> None:
    plan = real_data("rtionplan/varian_proton_mono160_1layer.dcm")
    assert errors(plan) == ["only RT Plans are delivered"]
    assert errors(plan, room="") == []


@pytest.mark.parametrize(
    "name",
    ["rtstruct/raystation_cube.dcm", "rtdose/pydicom_rtdose.dcm", "rtimage/varian_drr.dcm"],
)
def test_what_comes_beside_a_plan_is_not_refused_for_being_no_plan(name: str) -> None:
    assert errors(real_data(name)) == []
