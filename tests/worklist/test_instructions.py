"""Delivery instructions and earlier records, read strictly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.ups.delivery_instruction import read_delivery_instruction
from gateway.dicom.ups.earlier_record import read_earlier_record
from gateway.domain.errors import InputError
from gateway.domain.worklist import BeamTask, EarlierBeam
from tests.worklist.builders import PATIENT, PLAN_UID, instruction_file, record_file

CONTINUED = {
    "TreatmentDeliveryType": "CONTINUATION",
    "PrimaryDosimeterUnit": "MU",
    "ContinuationStartMeterset": 12.5,
    "ContinuationEndMeterset": 50.0,
}


def test_a_task_is_read() -> None:
    read = read_delivery_instruction(instruction_file())
    assert read.tasks == (BeamTask(3, 1, "TREAT", "TREATMENT", 2, 1, None, None),)
    assert (read.plan_uid, read.patient_id) == (PLAN_UID, PATIENT)
    assert PATIENT not in repr(read)


def test_a_continuation_is_read() -> None:
    (task,) = read_delivery_instruction(_continued({})).tasks
    assert (task.delivery_type, task.start_mu, task.end_mu) == ("CONTINUATION", 12.5, 50.0)


def test_what_moves_the_table_top_is_noted() -> None:
    content = instruction_file(
        TableTopLateralAdjustedPosition=0.0,
        TableTopVerticalSetupDisplacement="-1.5",
        TableTopLongitudinalSetupDisplacement="0",
        PatientSupportAdjustedAngle=None,
    )
    (task,) = read_delivery_instruction(content).tasks
    assert task.adjustments == (
        "TableTopLateralAdjustedPosition",
        "TableTopVerticalSetupDisplacement",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ContinuationStartMeterset": None}, "states where it starts and ends"),
        ({"ContinuationEndMeterset": None}, "states where it starts and ends"),
        ({"ContinuationStartMeterset": float("nan")}, "not one finite number"),
        ({"ContinuationStartMeterset": [1.0, 2.0]}, "not one finite number"),
        ({"ContinuationStartMeterset": 50.0}, "nothing can be delivered"),
        ({"ContinuationStartMeterset": -1.0}, "nothing can be delivered"),
        ({"PrimaryDosimeterUnit": "MINUTE"}, "metersets in MINUTE"),
    ],
)
def test_a_continuation_that_cannot_be_followed_says_why(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_delivery_instruction(_continued(changes))


def test_other_objects_are_no_instructions() -> None:
    with pytest.raises(InputError, match="no RT Beams Delivery Instruction"):
        read_delivery_instruction(record_file(1, "1"))
    with pytest.raises(InputError, match="no RT Beams Treatment Record"):
        read_earlier_record(instruction_file())


def test_an_earlier_record_says_how_far_a_beam_came() -> None:
    content = record_file(1, "12.5", "20", "", "31.25", fraction=4)
    assert read_earlier_record(content) == (EarlierBeam(PLAN_UID, 1, 4, 31.25),)
    assert read_earlier_record(record_file(1, "")) == ()


@given(st.binary(max_size=32), st.integers(0, 1000))
def test_damaged_instructions_are_read_or_refused(damage: bytes, place: int) -> None:
    content = instruction_file()
    place = min(place, len(content))
    broken = content[:place] + damage + content[place + len(damage) :]
    assert PATIENT not in _refusal(broken)


def _refusal(content: bytes) -> str:
    """Why it is refused; "" where it was read, and then asks for something."""
    try:
        read = read_delivery_instruction(content)
    except InputError as refusal:
        return str(refusal)
    assert read.tasks
    return ""


def _continued(changes: dict[str, Any]) -> bytes:
    wanted = CONTINUED | changes
    delivery_type = wanted.pop("TreatmentDeliveryType")
    from io import BytesIO

    from pydicom import dcmread

    from gateway.dicom.common_modules import file_bytes

    dataset = dcmread(BytesIO(instruction_file(**wanted)))
    dataset.BeamTaskSequence[0].TreatmentDeliveryType = delivery_type
    return file_bytes(dataset)
