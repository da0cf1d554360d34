"""Every rule of deliverability, broken one at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.findings import Finding, Severity
from gateway.domain.machine import MlcModel
from gateway.domain.plan import Beam
from gateway.domain.room import Room
from gateway.planning.check import check
from gateway.planning.compile import compile_beam
from tests.planning.builders import aperture, beam, plan, room

CP0 = "BeamSequence[0].ControlPointSequence[0]"
LEAVES = "BeamLimitingDevicePositionSequence"


def findings(item: Beam, home: Room | None = None) -> tuple[Finding, ...]:
    return check(plan(item), home or room())


def with_mlc(**changed: Any) -> Room:
    machine = room().machine
    mlc: MlcModel = replace(machine.mlcs["MLCX"], **changed)
    return replace(room(), machine=replace(machine, mlcs={"MLCX": mlc}))


def pair(leaf: int, low: float, high: float) -> np.ndarray:
    leaves = aperture(60)
    leaves[leaf - 1], leaves[60 + leaf - 1] = low, high
    return leaves


def test_a_good_beam_has_nothing_to_say():
    assert findings(beam()) == ()


@pytest.mark.parametrize(
    ("changed", "rule", "path"),
    [
        ({"axes": {Axis.X1: 30.0}}, "axis-range", f"{CP0}.{LEAVES}"),
        ({"axes": {Axis.Y1: -190.0, Axis.Y2: [-120.0, 50.0]}}, "axis-range", f"{CP0}.{LEAVES}"),
        ({"axes": {Axis.COLLIMATOR: 180.0}}, "axis-range", f"{CP0}.BeamLimitingDeviceAngle"),
        ({"axes": {Axis.COUCH_ROTATION: 120.0}}, "axis-range", f"{CP0}.PatientSupportAngle"),
        ({"axes": {Axis.COUCH_PITCH: 356.0}}, "axis-range", f"{CP0}.TableTopPitchAngle"),
        ({"axes": {Axis.COUCH_LATERAL: 300.0}}, "couch-range", f"{CP0}.TableTopLateralPosition"),
        (
            {"axes": {Axis.COUCH_VERTICAL: [0.0, -20.0]}},
            "couch-moves",
            "BeamSequence[0].ControlPointSequence[1].TableTopVerticalPosition",
        ),
        ({"axes": {Axis.Y1: 20.0, Axis.Y2: 10.0}}, "jaws-cross", f"{CP0}.{LEAVES}"),
        ({"leaves": {"MLCX": pair(30, -20.0, -20.1)}}, "leaf-collision", f"{CP0}.{LEAVES}"),
        ({"leaves": {"MLCX": aperture(60, 204.0)}}, "leaf-range", f"{CP0}.{LEAVES}"),
        ({"leaves": {"MLCX": pair(7, -170.0, 20.0)}}, "leaf-span", f"{CP0}.{LEAVES}"),
        ({"nominal_energy": 25.0}, "energy", f"{CP0}.NominalBeamEnergy"),
        ({"fluence_mode": "NON_STANDARD", "nominal_energy": 15.0}, "energy", None),
        ({"meterset_mu": 0.01}, "meterset-resolution", "BeamSequence[0]"),
        ({"meterset_mu": float("nan")}, "meterset", "BeamSequence[0]"),
        ({"primary_dosimeter_unit": "MINUTE"}, "dosimeter-unit", None),
        ({"meterset_weight": np.array([0.0, 0.5])}, "meterset-weights", None),
        ({"meterset_weight": np.array([0.1, 1.0])}, "meterset-weights", None),
    ],
)
def test_what_cannot_be_delivered_is_an_error_at_its_attribute(changed, rule, path):
    found = findings(beam(**changed))
    assert [(f.severity, f.rule) for f in found] == [(Severity.ERROR, rule)]
    assert path is None or found[0].path == path


@pytest.mark.parametrize(
    ("changed", "severity", "rule"),
    [
        ({"dose_rate_mu_per_min": None}, Severity.INFO, "dose-rate-nominal"),
        ({"dose_rate_mu_per_min": 0.0}, Severity.INFO, "dose-rate-nominal"),
        ({"dose_rate_mu_per_min": 650.0}, Severity.WARNING, "dose-rate-capped"),
        ({"dose_rate_mu_per_min": 2.0}, Severity.WARNING, "dose-rate-minimum"),
        ({"sad_mm": 800.0}, Severity.WARNING, "source-axis-distance"),
        ({"leaves": {}}, Severity.WARNING, "leaves-missing"),
        ({"axes": {Axis.GANTRY: [0.0, 90.0]}, "rotation": {Axis.GANTRY: "NONE"}},
         Severity.WARNING, "rotation-direction"),
    ],
)  # fmt: skip
def test_what_a_person_should_know_does_not_refuse(changed, severity, rule):
    found = findings(beam(**changed))
    assert [(f.severity, f.rule) for f in found] == [(severity, rule)]
    compile_beam(beam(**changed), room())


def test_an_arc_that_fits_nowhere_is_an_error():
    item = beam(axes={Axis.GANTRY: [170.0, 200.0]}, rotation={Axis.GANTRY: "CW"})
    assert [f.rule for f in findings(item)] == ["rotation-range"]


@pytest.mark.parametrize("beyond", [0.009, 0.011])
def test_a_hundredth_beyond_a_limit_is_rounding(beyond):
    found = findings(beam(axes={Axis.Y2: 200.0 + beyond}))
    assert bool(found) == (beyond > 0.01)


def test_closed_pairs_at_rest_are_legal_and_moving_ones_keep_the_gap():
    closed = pair(1, 50.0, 50.0)
    assert findings(beam(leaves={"MLCX": closed})) == ()
    opening = np.array([closed, pair(1, 50.0, 55.0)])
    assert [f.rule for f in findings(beam(leaves={"MLCX": opening}))] == ["leaf-gap"]
    together = np.array([pair(1, 50.0, 50.5), pair(1, 55.0, 55.5)])
    assert findings(beam(leaves={"MLCX": together})) == ()


def test_with_the_beam_off_a_closed_pair_may_open_with_a_warning():
    leaves = np.array([pair(1, 9.0, 9.0), pair(1, 9.0, 9.0), pair(1, 5.0, 9.0), pair(1, 5.0, 9.0)])
    found = findings(beam([0.0, 0.5, 0.5, 1.0], leaves={"MLCX": leaves}))
    assert [(f.severity, f.rule) for f in found] == [(Severity.WARNING, "leaf-gap")]
    assert found[0].path == f"BeamSequence[0].ControlPointSequence[1].{LEAVES}"


def test_interdigitation_only_where_the_leaves_can():
    leaves = pair(30, 30.0, 40.0)
    assert findings(beam(leaves={"MLCX": leaves})) == ()
    cannot = with_mlc(interdigitation=False)
    assert [f.rule for f in findings(beam(leaves={"MLCX": leaves}), cannot)] == [
        "leaf-interdigitation"
    ]
    touching = pair(30, 20.0, 40.0)
    assert findings(beam(leaves={"MLCX": touching}), cannot) == ()


def test_segments_finer_than_a_pulse_are_told():
    item = beam([0.0, 0.0001, 1.0], axes={Axis.GANTRY: [0.0, 0.01, 1.0]})
    assert [f.rule for f in findings(item)] == ["meterset-resolution"]


@pytest.mark.parametrize("meterset_mu", [1e6, 1e9, 1e300])
def test_a_meterset_that_no_beam_has(meterset_mu: float):
    assert [f.rule for f in findings(beam(meterset_mu=meterset_mu))] == ["meterset"]


def test_axes_that_need_longer_than_the_lowest_dose_rate_gives():
    item = beam(axes={Axis.GANTRY: [0.0, 170.0]}, rotation={Axis.GANTRY: "CW"}, meterset_mu=1.0)
    (found,) = findings(item)
    assert (found.severity, found.rule) == (Severity.WARNING, "dose-rate-minimum")
    real = replace(room(), simulated=False)
    (found,) = findings(item, real)
    assert (found.severity, found.rule) == (Severity.ERROR, "dose-rate-minimum")


@given(st.integers(3, 30), st.floats(0.0, 300.0))
def test_a_dynamic_beam_without_leaf_positions_is_refused(count, arc_deg):
    angles = np.linspace(181.0, 181.0 + arc_deg, count) % 360.0
    item = beam(
        np.linspace(0.0, 1.0, count), axes={Axis.GANTRY: angles}, rotation={Axis.GANTRY: "CW"}
    )
    item = replace(item, leaves={})
    errors = [f.rule for f in findings(item) if f.severity is Severity.ERROR]
    assert "leaves-missing" in errors


@pytest.mark.parametrize(("half_mm", "refused"), [(200.0, True), (50.0, True), (49.9, False)])
def test_a_dynamic_beam_with_parked_leaves_is_refused(half_mm, refused):
    item = beam([0.0, 0.5, 1.0], leaves={"MLCX": aperture(60, half_mm)})
    assert ("leaves-parked" in [f.rule for f in findings(item)]) == refused
    static = replace(item, beam_type="STATIC")
    assert findings(static) == ()


def test_one_layer_may_be_open_while_the_other_shapes():
    home = room("halcyon")
    edges = {Axis.X1: -140.0, Axis.X2: 140.0, Axis.Y1: -140.0, Axis.Y2: 140.0}
    wide, shaped = aperture(29, 140.0), aperture(28, 20.0)
    item = beam(
        [0.0, 0.5, 1.0],
        of=home,
        axes=edges,
        leaves={"MLCX1": shaped, "MLCX2": wide},
        fluence_mode="NON_STANDARD",
    )
    assert findings(item, home) == ()
    lost = replace(item, leaves={**item.leaves, "MLCX1": np.tile(aperture(28, 140.0), (3, 1))})
    assert [f.rule for f in findings(lost, home)] == ["leaves-parked"]


def test_an_axis_the_machine_has_not_must_be_at_zero():
    home = room("halcyon")
    edges = {Axis.X1: -140.0, Axis.X2: 140.0, Axis.Y1: -140.0, Axis.Y2: 140.0}
    item = beam(of=home, axes=edges | {Axis.COUCH_ROTATION: 10.0}, fluence_mode="NON_STANDARD")
    assert [f.rule for f in findings(item, home)] == ["axis-absent"]


def test_devices_that_do_not_fit_are_the_only_finding():
    found = findings(beam(of=room("agility")))
    assert [f.rule for f in found] == ["leaf-pairs"]


@pytest.mark.parametrize(
    ("status", "simulated", "severity"),
    [
        ("APPROVED", True, None),
        ("UNAPPROVED", True, Severity.WARNING),
        ("", True, Severity.WARNING),
        ("REJECTED", False, Severity.ERROR),
    ],
)
def test_an_unapproved_plan_is_refused_in_a_real_room(status, simulated, severity):
    home = replace(room(), simulated=simulated)
    found = check(plan(beam(), approval_status=status), home)
    assert [f.severity for f in found] == ([] if severity is None else [severity])


def test_a_plan_without_beams_is_refused():
    assert [f.rule for f in check(plan(), room())] == ["no-beams"]


def test_messages_name_the_beam_and_the_control_point():
    item = beam([0.0, 0.5, 1.0], axes={Axis.Y2: [60.0, 210.0, 210.0]}, name="LAO")
    (found,) = findings(item)
    assert found.message == (
        "beam 1 (LAO): Y2 at 210.00 mm (control point 1 and 1 more); "
        "truebeam-m120 goes from -100 to 200 mm"
    )
    assert found.path == f"BeamSequence[0].ControlPointSequence[1].{LEAVES}"


def test_a_beam_longer_than_a_program_is_refused():
    item = beam(np.linspace(0.0, 1.0, 4097), meterset_mu=1000.0)
    assert [f.rule for f in findings(item)] == ["control-points"]


def test_a_number_or_a_name_that_no_controller_takes_is_refused():
    sound = beam([0.0, 1.0])
    assert "beam-number" not in [f.rule for f in findings(replace(sound, number=65_535))]
    assert [f.rule for f in findings(replace(sound, number=65_536))] == ["beam-number"]
    assert [f.rule for f in findings(replace(sound, name="\U0001f600" * 64))] == ["beam-name"]
