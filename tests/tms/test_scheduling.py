"""Work items and delivery instructions that are made of plans."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from gateway.dicom.iod.validation import validate
from simulators.tms.config import TmsConfig
from simulators.tms.data import items, text
from simulators.tms.manager import TreatmentManager
from simulators.tms.scheduling import EXTERNAL, Continuation, Reference, order
from simulators.tms.uids import RT_BEAMS_DELIVERY_INSTRUCTION, RT_ION_PLAN, RT_PLAN
from tests.realdata import real_data
from tests.tms.builders import RECORD, plan, plan_file


def scheduled(path: Path, **options: Any) -> tuple[TreatmentManager, Dataset, Dataset]:
    """A manager that is not started, the step and the delivery instruction of a plan."""
    manager = TreatmentManager(TmsConfig())
    uid = manager.schedule(path, **{"fraction": 1, **options})
    (instruction,) = manager.instructions.of_class(RT_BEAMS_DELIVERY_INSTRUCTION)
    return manager, manager.item(uid).dataset, instruction.dataset()


def parameters(step: Dataset) -> dict[tuple[str, str], str]:
    found = {}
    for each in step.ScheduledProcessingParametersSequence:
        (name,) = each.ConceptNameCodeSequence
        value = each.TextValue if each.ValueType == "TEXT" else f"{each.NumericValue:g}"
        found[name.CodeValue, name.CodingSchemeDesignator] = value
    return found


def test_a_step_names_the_machine_and_the_fraction(tmp_path: Path) -> None:
    _, step, _ = scheduled(plan_file(tmp_path, 100.0, 50.0), fraction=7)
    assert step.ScheduledStationNameCodeSequence[0].CodeValue == "LINAC1"
    (workitem,) = step.ScheduledWorkitemCodeSequence
    assert (workitem.CodeValue, workitem.CodingSchemeDesignator) == ("121726", "DCM")
    assert parameters(step) == {
        ("121740", "DCM"): "TREATMENT",
        ("2018001", "99IHERO2018"): "Phantom",
        ("2018002", "99IHERO2018"): "7",
        ("2018003", "99IHERO2018"): "25",
    }
    assert (text(step, "PatientName"), text(step, "PatientID")) == ("Phantom^EPID", "EPID-1")


def test_inputs_say_where_they_are_retrieved_from(tmp_path: Path) -> None:
    manager, step, instruction = scheduled(plan_file(tmp_path, 100.0))
    (held,) = manager.objects.of_class(RT_PLAN)
    inputs = [
        (
            each.TypeOfInstances,
            each.ReferencedSOPSequence[0].ReferencedSOPClassUID,
            each.ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
            each.DICOMRetrievalSequence[0].RetrieveAETitle,
        )
        for each in step.InputInformationSequence
    ]
    assert inputs == [
        ("DICOM", RT_PLAN, held.sop_instance_uid, "OST"),
        ("DICOM", RT_BEAMS_DELIVERY_INSTRUCTION, instruction.SOPInstanceUID, "TMS"),
    ]
    assert instruction.StudyInstanceUID == step.InputInformationSequence[1].StudyInstanceUID
    assert instruction.SeriesInstanceUID == step.InputInformationSequence[1].SeriesInstanceUID


def test_beams_are_tasks_in_their_order(tmp_path: Path) -> None:
    _, _, instruction = scheduled(plan_file(tmp_path, 100.0, 50.0, 30.0), beams=[3, 1])
    tasks = instruction.BeamTaskSequence
    assert [(task.BeamOrderIndex, task.ReferencedBeamNumber) for task in tasks] == [(1, 3), (2, 1)]
    assert {task.TreatmentDeliveryType for task in tasks} == {"TREATMENT"}
    assert {task.BeamTaskType for task in tasks} == {"TREAT"}
    assert not any("ContinuationStartMeterset" in task for task in tasks)


def test_a_continuation_begins_where_the_treatment_ended(tmp_path: Path) -> None:
    earlier = Reference(RECORD, "1.2.3", "1.2.4", "1.2.5", "OST")
    continuation = Continuation({2: 12.5}, records=(earlier,))
    _, step, instruction = scheduled(
        plan_file(tmp_path, 100.0, 50.0, 30.0), beams=[2, 3], continuation=continuation
    )
    begun, whole = instruction.BeamTaskSequence
    assert (begun.TreatmentDeliveryType, begun.PrimaryDosimeterUnit) == ("CONTINUATION", "MU")
    assert (begun.ContinuationStartMeterset, begun.ContinuationEndMeterset) == (12.5, 50.0)
    assert whole.TreatmentDeliveryType == "TREATMENT"
    assert parameters(step)["121740", "DCM"] == "CONTINUATION"
    last = step.InputInformationSequence[2]
    assert last.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    assert last.DICOMRetrievalSequence[0].RetrieveAETitle == "OST"


def test_setup_beams_and_beams_without_meterset_are_no_tasks() -> None:
    dataset = plan(100.0, 50.0, 30.0)
    dataset.BeamSequence[0].TreatmentDeliveryType = "SETUP"
    del dataset.FractionGroupSequence[0].ReferencedBeamSequence[1].BeamMeterset
    assert dict(order(dataset, fraction=1).beams) == {3: 30.0}


def test_a_fraction_group_is_chosen() -> None:
    dataset = plan(100.0, groups=2)
    dataset.FractionGroupSequence[1].NumberOfFractionsPlanned = 4
    assert order(dataset, fraction=1).group.FractionGroupNumber == 1
    assert order(dataset, fraction=1, fraction_group=2).group.NumberOfFractionsPlanned == 4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"beams": [9]}, "beam 9"),
        ({"beams": []}, "no beam"),
        ({"fraction_group": 3}, "fraction group 3"),
        ({"beams": [1], "continuation": Continuation({2: 1.0})}, "beam 2"),
    ],
)
def test_orders_that_make_no_sense(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        order(plan(100.0, 50.0), fraction=1, **options)


def test_what_is_no_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no plan")
    with pytest.raises(ValueError, match="is no RT plan"):
        TreatmentManager(TmsConfig()).schedule(path, fraction=1)


@pytest.mark.peer
@pytest.mark.parametrize(
    "name",
    [
        "rtplan/sliding_window_4beam_10MV_6MV.dcm",
        "rtplan/elekta_monaco_dmlc_2fractiongroups.dcm",
        "rtplan/varian_clinac_3dcrt_prostate_phantom.dcm",
        "rtionplan/raystation_proton_cube.dcm",
    ],
)
def test_real_plans(name: str) -> None:
    path = real_data(name)
    manager, step, instruction = scheduled(path)
    original = dcmread(path, force=True)
    held = manager.objects.get(original.SOPInstanceUID)
    assert held is not None
    assert held.dataset() == original
    assert held.sop_class_uid in (RT_PLAN, RT_ION_PLAN)
    assert text(step, "PatientID") == text(original, "PatientID")
    treated = [int(task.ReferencedBeamNumber) for task in instruction.BeamTaskSequence]
    (group, *_) = original.FractionGroupSequence
    metersets = [
        int(each.ReferencedBeamNumber)
        for each in group.ReferencedBeamSequence
        if each.get("BeamMeterset") is not None
    ]
    setups = [
        int(beam.BeamNumber)
        for beam in (*items(original, "BeamSequence"), *items(original, "IonBeamSequence"))
        if text(beam, "TreatmentDeliveryType") == "SETUP"
    ]
    assert treated == [number for number in metersets if number not in setups]
    assert treated


def test_the_real_work_item_has_the_same_parameters(tmp_path: Path) -> None:
    real = dcmread(real_data("ups/rsp000001.dcm"))
    _, step, _ = scheduled(plan_file(tmp_path, 100.0))
    assert set(parameters(step)) == set(parameters(real))
    ours, theirs = step.InputInformationSequence[0], real.InputInformationSequence[0]
    attributes = {element.keyword for element in theirs} - {"ReferencedSeriesSequence"}
    assert {element.keyword for element in ours} == attributes


@pytest.mark.parametrize("continuation", [None, Continuation({2: 12.5})])
def test_delivery_instructions_are_valid(tmp_path: Path, continuation: Continuation | None) -> None:
    manager, _, _ = scheduled(plan_file(tmp_path, 100.0, 50.0), continuation=continuation)
    (held,) = manager.instructions.all()
    found = validate(held.content)
    assert found.sop_class_uid == RT_BEAMS_DELIVERY_INSTRUCTION
    assert found.findings == ()


def test_a_step_starts_when_it_is_told(tmp_path: Path) -> None:
    start = datetime(2026, 3, 4, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    _, step, _ = scheduled(plan_file(tmp_path, 100.0), start=start)
    assert step.ScheduledProcedureStepStartDateTime == "20260304120000.000+0000"


def test_external_verification_is_another_workitem(tmp_path: Path) -> None:
    _, step, _ = scheduled(plan_file(tmp_path, 100.0), workitem=EXTERNAL)
    assert step.ScheduledWorkitemCodeSequence[0].CodeValue == "121727"
