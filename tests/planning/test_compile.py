"""Programs against times and positions worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import PlanRejected
from gateway.domain.plan import Accessory
from gateway.planning.compile import compile_beam
from gateway.planning.positions import parked
from tests.planning.builders import aperture, beam, room, without_jaws
from tests.planning.inspect_program import assert_sound

ROUNDING_S = 1e-9
MU_PER_S = 10.0


def test_a_static_beam_takes_its_meterset_over_the_dose_rate():
    program = compile_beam(beam(), room())
    assert program.profile.duration_s == pytest.approx(100.0 / MU_PER_S, abs=ROUNDING_S)
    assert program.mode.name == "6X"


def test_step_and_shoot_is_dose_plus_leaf_moves_from_rest_to_rest():
    narrow, wide = aperture(60, 10.0), aperture(60, 40.0)
    leaves = np.array([narrow, narrow, wide, wide])
    item = beam([0.0, 0.4, 0.4, 1.0], leaves={"MLCX": leaves})
    program = compile_beam(item, room())
    move_s = 30.0 / 25.0 + 25.0 / 500.0
    assert program.profile.duration_s == pytest.approx(10.0 + move_s, abs=ROUNDING_S)
    assert_sound(program, room())


def test_a_short_leaf_move_never_gets_to_full_speed():
    leaves = np.array([aperture(60, 20.0), aperture(60, 20.0), aperture(60, 20.5)])
    item = beam([0.0, 1.0, 1.0], leaves={"MLCX": leaves})
    program = compile_beam(item, room())
    move_s = 2.0 * np.sqrt(0.5 / 500.0)
    assert program.profile.duration_s == pytest.approx(10.0 + move_s, abs=ROUNDING_S)


def test_an_arc_held_by_its_gantry_takes_the_trapezoid_from_rest_to_rest():
    item = beam(axes={Axis.GANTRY: [0.0, 120.0]}, rotation={Axis.GANTRY: "CW"}, meterset_mu=10.0)
    program = compile_beam(item, room())
    assert program.profile.duration_s == pytest.approx(120.0 / 6.0 + 6.0 / 6.0, abs=ROUNDING_S)


def test_an_arc_held_by_its_dose_speeds_up_and_brakes_at_the_gantrys_acceleration():
    item = beam(axes={Axis.GANTRY: [0.0, 120.0]}, rotation={Axis.GANTRY: "CW"}, meterset_mu=300.0)
    program = compile_beam(item, room())
    speed = 120.0 / (300.0 / MU_PER_S)
    assert program.profile.duration_s == pytest.approx(30.0 + speed / 6.0, abs=ROUNDING_S)


def test_uneven_control_points_do_not_slow_a_gantry():
    angles = np.cumsum([0.0, 2.0, 1.0, 0.1, 5.0, 30.0, 0.7, 41.2])
    weights = angles / angles[-1]
    item = beam(weights, axes={Axis.GANTRY: angles}, rotation={Axis.GANTRY: "CW"}, meterset_mu=10.0)
    program = compile_beam(item, room())
    assert program.profile.duration_s == pytest.approx(angles[-1] / 6.0 + 1.0, abs=ROUNDING_S)
    assert_sound(program, room())


def test_a_gantry_that_turns_back_stops_where_it_does():
    item = beam([0.0, 0.5, 1.0], axes={Axis.GANTRY: [0.0, 60.0, 0.0]}, meterset_mu=1.0)
    program = compile_beam(item, room())
    assert program.profile.duration_s == pytest.approx(2 * (60.0 / 6.0 + 1.0), abs=ROUNDING_S)


def test_a_leaf_sets_the_pace_of_a_sliding_window_from_the_first_moment():
    leaves = np.array([aperture(60, 10.0), aperture(60, 60.0)])
    program = compile_beam(beam(leaves={"MLCX": leaves}, meterset_mu=1.0), room())
    assert program.profile.duration_s == pytest.approx(50.0 / 25.0, abs=ROUNDING_S)


@pytest.mark.parametrize(
    ("stated", "direction", "first", "last"),
    [
        ([181.0, 179.0], "CW", -179.0, 179.0),
        ([179.0, 181.0], "CC", 179.0, -179.0),
        ([178.0, 183.0], "CW", -182.0, -177.0),
        ([183.0, 178.0], "CC", -177.0, -182.0),
        ([177.0, 182.0], "CW", 177.0, 182.0),
        ([182.0, 177.0], "CC", 182.0, 177.0),
        ([0.0, 185.0], "CW", 0.0, 185.0),
        ([0.0, 175.0], "CC", 0.0, -185.0),
    ],
)
def test_arcs_to_and_across_180(stated, direction, first, last):
    item = beam(axes={Axis.GANTRY: stated}, rotation={Axis.GANTRY: direction})
    program = compile_beam(item, room())
    gantry = program.positions[:, program.layout.scalars.index(Axis.GANTRY)]
    assert gantry.tolist() == [first, last]


@pytest.mark.parametrize(
    ("stated", "direction", "name"),
    [
        ([170.0, 200.0], "CW", "truebeam-m120"),
        ([178.0, 182.0], "CW", "agility"),
        ([0.0, 0.0], "CW", "agility"),
    ],
)
def test_an_arc_that_fits_nowhere_is_refused(stated, direction, name):
    home = room(name)
    item = beam(of=home, axes={Axis.GANTRY: stated}, rotation={Axis.GANTRY: direction})
    with pytest.raises(PlanRejected, match=r"rotation-range.*GantryAngle") as refused:
        compile_beam(item, home)
    assert [finding.rule for finding in refused.value.findings] == ["rotation-range"]


def test_what_the_plan_does_not_state_is_open_and_unverified():
    home = room()
    item = replace(without_jaws(beam(), "ASYMX"), leaves={})
    program = compile_beam(item, home)
    row = dict(zip(program.layout.names, program.positions[0], strict=True))
    assert (row["X1"], row["X2"], row["Y1"]) == (-200.0, 200.0, -50.0)
    assert row["couch_pitch"] == row["couch_roll"] == 0.0
    leaves = program.positions[:, program.layout.mlc_slices["MLCX"]]
    assert (leaves == parked(home.machine.mlcs["MLCX"])).all()
    rotations = {Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION}
    assert program.verified == rotations | {Axis.Y1, Axis.Y2}


def test_halcyon_keeps_its_fixed_field_edges():
    home = room("halcyon")
    edges = {Axis.X1: -140.0, Axis.X2: 140.0, Axis.Y1: -140.0, Axis.Y2: 140.0}
    item = beam(of=home, axes=edges, fluence_mode="NON_STANDARD", dose_rate_mu_per_min=None)
    program = compile_beam(item, home)
    assert program.maximum_dose_rate_mu_per_min == 800.0
    assert Axis.COUCH_ROTATION not in program.verified
    assert [device for device, _ in program.layout.mlcs] == ["MLCX1", "MLCX2"]
    narrower = replace(item, axes=item.axes | {Axis.X1: item.axes[Axis.X1] + 20.0})
    with pytest.raises(PlanRejected, match="axis-range"):
        compile_beam(narrower, home)


def test_agility_has_no_x_jaw():
    program = compile_beam(beam(of=room("agility")), room("agility"))
    assert Axis.X1 not in program.layout.scalars
    assert program.verified >= {Axis.Y1, Axis.Y2}


@pytest.mark.parametrize(
    ("stated", "used"), [(None, 600.0), (0.0, 600.0), (400.0, 400.0), (900.0, 600.0)]
)
def test_the_dose_rate_is_the_plans_up_to_the_machines(stated, used):
    program = compile_beam(beam(dose_rate_mu_per_min=stated), room())
    assert program.maximum_dose_rate_mu_per_min == used
    assert program.profile.duration_s == pytest.approx(100.0 / (used / 60.0), abs=ROUNDING_S)


def test_the_couch_goes_where_the_plan_says_and_else_stays():
    assert compile_beam(beam(), room()).couch == {}
    item = beam(axes={Axis.COUCH_LATERAL: -12.5, Axis.COUCH_VERTICAL: 3.0})
    assert compile_beam(item, room()).couch == {
        Axis.COUCH_LATERAL: -12.5,
        Axis.COUCH_VERTICAL: 3.0,
    }


def test_accessories_are_named_by_kind_and_id():
    cone = Accessory("applicator", None, "A10", "ELECTRON_SQUARE")
    block = Accessory("block", 1, "", "APERTURE")
    program = compile_beam(beam(accessories=(cone, block)), room())
    assert program.accessories == ("applicator A10", "block APERTURE")


def test_positions_are_whole_wire_units_and_never_beyond_a_limit():
    item = beam(
        axes={Axis.COLLIMATOR: 7.0867745e-10, Axis.X1: -200.004, Axis.Y1: -33.33333},
    )
    row = compile_beam(item, room()).positions[0]
    np.testing.assert_array_equal(row, np.rint(row * 1000) / 1000)
    assert row[room().machine.layout.scalars.index(Axis.X1)] == -200.0
    assert row[room().machine.layout.scalars.index(Axis.COLLIMATOR)] == 0.0


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"nominal_energy": 7.0}, "energy"),
        ({"axes": {Axis.Y1: -250.0}}, "axis-range"),
        ({"leaves": {"MLCX": aperture(60, 210.0)}}, "leaf-range"),
        ({"meterset_mu": 0.0}, "meterset"),
    ],
)
def test_what_cannot_be_delivered_is_refused_with_its_finding(changed, rule):
    with pytest.raises(PlanRejected) as refused:
        compile_beam(beam(**changed), room())
    assert rule in {finding.rule for finding in refused.value.findings}
    assert all(finding.path.startswith("BeamSequence[0]") for finding in refused.value.findings)
