"""Which room takes which plan."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import PlanRejected
from gateway.domain.findings import Severity, has_errors
from gateway.domain.plan import BeamLimitingDevice
from gateway.domain.units import frozen
from gateway.planning.check import check
from gateway.planning.compile import compile_beam
from gateway.planning.rooms import match_room, room_mismatch
from tests.planning.builders import aperture, beam, plan, room, rooms, without_jaws
from tests.planning.inspect_program import assert_sound


@pytest.mark.parametrize("name", ["truebeam-m120", "truebeam-hd120", "halcyon", "agility"])
def test_a_plan_finds_the_room_whose_machine_has_its_devices(name):
    found, findings = match_room(plan(beam(of=room(name))), rooms())
    assert found.name == name
    assert [(f.severity, f.rule) for f in findings] == [(Severity.INFO, "room-matched")]
    assert name in findings[0].message


def test_symmetric_jaws_are_asymmetric_ones_that_move_together():
    item = beam()
    renamed = {"X": BeamLimitingDevice("X", 1), "Y": BeamLimitingDevice("Y", 1)}
    item = replace(item, devices=renamed | {"MLCX": item.devices["MLCX"]})
    assert match_room(plan(item), rooms())[0].name == "truebeam-m120"


@pytest.mark.parametrize(("shift_mm", "name"), [(0.009, "truebeam-m120"), (0.02, "generic")])
def test_boundaries_are_equal_within_a_hundredth_of_a_mm(shift_mm, name):
    item = beam()
    edges = item.devices["MLCX"].boundaries_mm
    assert edges is not None
    shifted = BeamLimitingDevice("MLCX", 60, frozen(edges + shift_mm))
    item = replace(item, devices=item.devices | {"MLCX": shifted})
    assert match_room(plan(item), rooms())[0].name == name


def test_the_first_of_several_is_taken_whatever_their_order():
    twin = replace(room(), name="a-twin", machine=replace(room().machine, name="a-twin"))
    for order in ((twin, *rooms()), (*reversed(rooms()), twin)):
        assert match_room(plan(beam()), order)[0].name == "truebeam-m120"


def test_real_rooms_are_never_chosen_by_themselves():
    real = replace(room(), simulated=False)
    others = [known for known in rooms() if known.name != "truebeam-m120"]
    assert match_room(plan(beam()), [real, *others])[0].name == "generic"


def mlci() -> BeamLimitingDevice:
    return BeamLimitingDevice("MLCX", 40, frozen(np.linspace(-200.0, 200.0, 41)))


def test_a_40_pair_plan_is_taken_by_the_generic_room_with_its_own_leaves():
    item = beam(leaves={"MLCX": aperture(40)})
    item = replace(item, devices=item.devices | {"MLCX": mlci()})
    found, findings = match_room(plan(item), rooms())
    assert [(f.severity, f.rule) for f in findings] == [(Severity.WARNING, "room-derived")]
    assert "40 pairs" in findings[0].message
    assert found.name == "generic"
    assert found.machine.name == "generic-40"
    assert found.machine.mlcs["MLCX"].pairs == 40
    assert found.machine.beam_modes == room("generic").machine.beam_modes
    assert not has_errors(check(plan(item), found))
    assert_sound(compile_beam(item, found), found)


def test_a_jaw_only_plan_gets_a_machine_without_leaves():
    item = beam(leaves={}, devices={"X": BeamLimitingDevice("X", 1)})
    item = without_jaws(item, "ASYMY")
    found, findings = match_room(plan(item), rooms())
    assert found.machine.name == "generic-jaws"
    assert found.machine.mlcs == {}
    assert found.machine.jaw_axes == (Axis.X1, Axis.X2)
    assert Axis.Y1 not in found.machine.layout.scalars
    assert not has_errors((*findings, *check(plan(item), found)))
    assert_sound(compile_beam(item, found), found)


def test_beams_that_disagree_about_their_leaves_are_refused():
    one = beam(leaves={"MLCX": aperture(40)})
    one = replace(one, devices=one.devices | {"MLCX": mlci()})
    other = beam(number=2, sequence_index=1)
    _, findings = match_room(plan(one, other), rooms())
    assert [f.rule for f in findings] == ["devices-differ"]
    assert findings[0].path == "BeamSequence[1].BeamLimitingDeviceSequence"
    assert has_errors(findings)


def test_leaves_without_boundaries_are_refused():
    item = beam()
    item = replace(item, devices=item.devices | {"MLCX": BeamLimitingDevice("MLCX", 60)})
    _, findings = match_room(plan(item), rooms())
    assert [f.rule for f in findings] == ["leaf-boundaries"]
    assert has_errors(findings)


def test_without_a_generic_room_the_plan_is_refused_with_the_list_of_rooms():
    item = beam(leaves={"MLCX": aperture(40)})
    item = replace(item, devices=item.devices | {"MLCX": mlci()})
    with pytest.raises(PlanRejected, match="truebeam-m120"):
        match_room(plan(item), [known for known in rooms() if known.name != "generic"])


@pytest.mark.parametrize(
    ("of", "named", "rules"),
    [
        ("truebeam-m120", "truebeam-m120", []),
        ("truebeam-m120", "generic", []),
        ("truebeam-m120", "truebeam-hd120", ["leaf-boundaries"]),
        ("truebeam-m120", "agility", ["device-absent", "leaf-pairs"]),
        ("truebeam-m120", "halcyon", ["device-absent"]),
        ("agility", "truebeam-m120", ["leaf-pairs"]),
    ],
)
def test_a_named_room_refuses_other_devices(of, named, rules):
    findings = room_mismatch(plan(beam(of=room(of))), room(named))
    assert [f.rule for f in findings] == rules
    assert all(f.severity is Severity.ERROR and named in f.message for f in findings)


def test_a_named_room_may_have_more_devices_than_the_plan():
    item = beam(leaves={}, devices={"ASYMX": BeamLimitingDevice("ASYMX", 1)})
    assert room_mismatch(plan(without_jaws(item, "ASYMY")), room()) == ()
