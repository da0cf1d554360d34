"""RT Plans: complete, standard, and no longer than they need to be."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.dicom.plan_writer import write_plan
from gateway.dicom.uids import uid_source
from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.machine import MachineModel
from gateway.domain.plan import Accessory, TreatmentPlan
from gateway.planning.generate import generate
from tests.dicom_write.builders import WRITTEN_NS, named
from tests.dicom_write.validation import dciodvfy_errors, dcmdump, decimal_strings, opened
from tests.generate.machines import AGILITY, GENERIC, HALCYON, M120
from tests.generate.test_generate import every_case


def written(plan: TreatmentPlan, machine: MachineModel) -> bytes:
    return write_plan(
        plan, machine, uid=uid_source(1, "plan"), software_version="0.1.0", written_ns=WRITTEN_NS
    )


def with_accessories(*accessories: Accessory) -> TreatmentPlan:
    plan = generate("open-field", M120)
    wedges = {item.number: "IN" for item in accessories if item.kind == "wedge"}
    beam = replace(
        plan.beams[1],
        accessories=accessories,
        wedge_positions=(wedges, wedges) if wedges else (),
    )
    return replace(plan, beams={1: beam})


ACCESSORIES = (
    Accessory("wedge", 1, "W30", "STANDARD", angle_deg=30.0, orientation_deg=90.0),
    Accessory("block", 1, "TRAY", "SHIELDING", "Lung", tray_distance_mm=650.5,
              outline_mm=((0.0, 0.0), (10.5, 0.0), (0.0, -10.25))),
    Accessory("bolus", 4, "BOLUS1", ""),
    Accessory("general", 1, "TRAY2", "TRAY", "Tray", accessory_code="123456"),
)  # fmt: skip


@pytest.mark.peer
@every_case
def test_generated_plans_pass_dciodvfy(machine: MachineModel, kind: str, tmp_path: Path) -> None:
    content = written(generate(kind, machine, seed=1), machine)
    assert dciodvfy_errors(content, tmp_path) == []


@pytest.mark.peer
def test_accessories_pass_dciodvfy_and_dcmdump(tmp_path: Path) -> None:
    content = written(with_accessories(*ACCESSORIES), M120)
    assert dciodvfy_errors(content, tmp_path) == []
    assert "[W30]" in dcmdump(content, tmp_path)


@every_case
def test_pydicom_reads_every_plan_without_warning(machine: MachineModel, kind: str) -> None:
    dataset = opened(written(generate(kind, machine, seed=1), machine))
    assert max(map(len, decimal_strings(dataset))) <= 16
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert dataset.file_meta.ImplementationVersionName == "LINAC_GATEWAY_01"
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    for beam in dataset.BeamSequence:
        assert beam.NumberOfControlPoints == len(beam.ControlPointSequence)


def test_the_first_control_point_is_complete_and_later_ones_state_changes() -> None:
    plan = generate("vmat", M120, seed=1)
    beam = opened(written(plan, M120)).BeamSequence[0]
    first, second = beam.ControlPointSequence[:2]
    devices = [item.RTBeamLimitingDeviceType for item in first.BeamLimitingDevicePositionSequence]
    assert devices == ["ASYMX", "ASYMY", "MLCX"]
    for keyword in (
        "GantryAngle", "GantryRotationDirection", "BeamLimitingDeviceAngle",
        "BeamLimitingDeviceRotationDirection", "PatientSupportAngle",
        "PatientSupportRotationDirection", "TableTopEccentricAngle",
        "TableTopEccentricRotationDirection", "TableTopVerticalPosition",
        "TableTopLongitudinalPosition", "TableTopLateralPosition", "TableTopPitchAngle",
        "TableTopRollAngle", "IsocenterPosition", "NominalBeamEnergy", "DoseRateSet",
    ):  # fmt: skip
        assert keyword in first, keyword
    moved = [item.RTBeamLimitingDeviceType for item in second.BeamLimitingDevicePositionSequence]
    assert moved == devices
    assert {"GantryAngle", "GantryRotationDirection"} <= set(second.dir())
    assert "BeamLimitingDeviceAngle" not in second
    assert "IsocenterPosition" not in second
    assert beam.ControlPointSequence[-1].GantryRotationDirection == "NONE"


def test_static_beams_have_a_bare_last_control_point() -> None:
    beam = opened(written(generate("open-field", AGILITY), AGILITY)).BeamSequence[0]
    assert set(beam.ControlPointSequence[1].dir()) == {
        "ControlPointIndex",
        "CumulativeMetersetWeight",
    }


def test_weights_count_in_the_plans_own_scale() -> None:
    plan = generate("step-and-shoot", M120)
    beam = replace(plan.beams[1], final_meterset_weight=100.0)
    item = opened(written(replace(plan, beams={1: beam}), M120)).BeamSequence[0]
    assert item.FinalCumulativeMetersetWeight == 100.0
    assert item.ControlPointSequence[-1].CumulativeMetersetWeight == 100.0


def test_couch_positions_are_written_where_the_plan_has_them() -> None:
    plan = generate("open-field", M120)
    beam = plan.beams[1]
    couch = {Axis.COUCH_VERTICAL: beam.meterset_weight * 0.0 - 120.5}
    moved = replace(beam, axes={**beam.axes, **couch})
    item = opened(written(replace(plan, beams={1: moved}), M120)).BeamSequence[0]
    first = item.ControlPointSequence[0]
    assert first.TableTopVerticalPosition == -120.5
    assert first.TableTopLateralPosition is None


def test_both_layers_of_a_dual_layer_mlc_are_written() -> None:
    item = opened(written(generate("open-field", HALCYON), HALCYON)).BeamSequence[0]
    assert [
        (device.RTBeamLimitingDeviceType, device.NumberOfLeafJawPairs)
        for device in item.BeamLimitingDeviceSequence
    ] == [("X", 1), ("Y", 1), ("MLCX1", 28), ("MLCX2", 29)]


@pytest.mark.parametrize("name", ["山田^太郎", "Müller^Jörg", "Παπαδόπουλος^Γιώργος"])
def test_patient_names_of_any_script_survive(name: str) -> None:
    plan = named(generate("open-field", M120), PatientName=name)
    assert str(opened(written(plan, M120)).PatientName) == name


def test_equal_plans_give_equal_bytes() -> None:
    plan = generate("sliding-window", GENERIC, seed=4)
    assert written(plan, GENERIC) == written(generate("sliding-window", GENERIC, seed=4), GENERIC)


def test_a_compensator_is_refused_by_name() -> None:
    plan = with_accessories(Accessory("compensator", 1, "C1", "STANDARD"))
    with pytest.raises(InputError, match="beam 1 has a compensator"):
        written(plan, M120)
