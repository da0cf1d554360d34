"""Work items and queries: as real systems write them, and as nobody should."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import RT_BEAMS_DELIVERY_INSTRUCTION, RT_ION_PLAN
from gateway.dicom.ups.codes import INTERNAL_VERIFICATION
from gateway.dicom.ups.query import WorklistQuery, query_identifier
from gateway.dicom.ups.work_item import read_work_item
from gateway.domain.errors import InputError
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import Code, StepState
from tests.realdata import real_data
from tests.worklist.builders import item

NOON_NS = 1_772_625_600 * NS_PER_S
"""2026-03-04 12:00 UTC."""


@pytest.mark.peer
def test_a_real_response_is_read_whole() -> None:
    found = read_work_item(dcmread(real_data("ups/rsp000001.dcm")))
    assert found.sop_instance_uid == "1.2.840.113854.19.4.2017747596206021632.638223481578481915"
    assert (found.state, found.readiness, found.priority) == ("SCHEDULED", "READY", "MEDIUM")
    assert found.workitem == INTERNAL_VERIFICATION
    assert found.stations == (Code("FX1", "99IHERO2008", "FX1"),)
    assert (found.delivery_type, found.plan_label) == ("TREATMENT", "TargetNameRxSite")
    assert (found.fraction, found.fractions_planned) == (1, 2)
    assert [source.retrieve_aes for source in found.inputs] == [("IMS_IHERO_TMS1",)] * 2
    assert len(found.references(RT_ION_PLAN)) == 1
    assert len(found.references(RT_BEAMS_DELIVERY_INSTRUCTION)) == 1
    assert found.patient_id == "202304061"
    assert "202304061" not in repr(found)
    assert "Hitachi" not in repr(found)


@pytest.mark.peer
def test_a_real_query_asks_nothing_that_ours_does_not() -> None:
    real = dcmread(real_data("ups/UPSCFind_TDWII_SCHEDULED_FX1.dcm"))
    ours = query_identifier(WorklistQuery("FX1", workitem=INTERNAL_VERIFICATION))
    assert {element.tag for element in real} <= {element.tag for element in ours}
    assert matched(real) == matched(ours)


def matched(dataset: Dataset, path: str = "") -> dict[str, str]:
    """Keys that are not matched by everything."""
    keys: dict[str, str] = {}
    for element in dataset:
        if element.VR == "SQ":
            for one in element.value:
                keys |= matched(one, f"{path}{element.keyword}.")
        elif not element.is_empty and element.keyword != "SpecificCharacterSet":
            keys[path + element.keyword] = str(element.value)
    return keys


def test_a_query_names_station_state_and_time() -> None:
    span = (NOON_NS, NOON_NS + 3600 * NS_PER_S)
    asked = query_identifier(WorklistQuery("LINAC1", span, sop_instance_uid="1.2.3"))
    assert matched(asked) == {
        "SOPInstanceUID": "1.2.3",
        "ProcedureStepState": "SCHEDULED",
        "ScheduledStationNameCodeSequence.CodeValue": "LINAC1",
        "ScheduledProcedureStepStartDateTime": (
            "20260304120000.000000+0000-20260304130000.000000+0000"
        ),
    }
    assert asked.InputInformationSequence == []
    assert asked.ScheduledProcessingParametersSequence == []


def parameter(value: str, code: str, scheme: str, **more: Any) -> Dataset:
    name = item(CodeValue=code, CodingSchemeDesignator=scheme, CodeMeaning="-")
    return item(ValueType=value, ConceptNameCodeSequence=[name], **more)


def encoded(dataset: Dataset) -> bytes:
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = True, True
    write_dataset(out, dataset)
    return out.getvalue()


def decoded(content: bytes) -> Dataset:
    return read_dataset(BytesIO(content), is_implicit_VR=True, is_little_endian=True)


def sent(dataset: Dataset) -> Dataset:
    """As it comes over the network: Implicit VR, not looked at yet."""
    return decoded(encoded(dataset))


def test_a_coded_delivery_type_is_a_delivery_type() -> None:
    coded = parameter(
        "CODE",
        "121740",
        "DCM",
        ConceptCodeSequence=[item(CodeValue="TREATMENT", CodingSchemeDesignator="99X")],
    )
    step = item(SOPInstanceUID="1.2.3", ScheduledProcessingParametersSequence=[coded])
    assert read_work_item(sent(step)).delivery_type == "TREATMENT"


def test_a_name_in_any_character_set_is_read() -> None:
    step = item(SOPInstanceUID="1.2.3", SpecificCharacterSet="ISO_IR 144")
    step.PatientName = "Фантом^ЭПИД"
    assert read_work_item(sent(step)).patient_name == "Фантом^ЭПИД"


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (item(ProcedureStepState="SCHEDULED"), "no SOP Instance UID"),
        (
            item(
                SOPInstanceUID="1.2.3",
                ScheduledProcessingParametersSequence=[
                    parameter("NUMERIC", "2018002", "99IHERO2018", NumericValue="1.5")
                ],
            ),
            "1.5 is not whole",
        ),
    ],
)
def test_an_item_that_cannot_be_followed_says_why(step: Dataset, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_work_item(sent(step))


@given(st.binary(max_size=64), st.integers(0, 200))
def test_damaged_items_are_read_or_refused(damage: bytes, place: int) -> None:
    whole = item(
        SOPInstanceUID="1.2.3",
        PatientID="EPID-1",
        ProcedureStepState=StepState.SCHEDULED.value,
        ScheduledProcessingParametersSequence=[
            parameter("NUMERIC", "2018002", "99IHERO2018", NumericValue="1")
        ],
    )
    content = encoded(whole)
    place = min(place, len(content))
    broken = content[:place] + damage + content[place + len(damage) :]
    assert "EPID-1" not in refusal(broken)


def refusal(content: bytes) -> str:
    """Why a received item is refused; "" where it is read, or is no data set at all."""
    try:
        with quietly():
            came = decoded(content)
    except READING_ERRORS:
        return ""
    try:
        read = read_work_item(came)
    except InputError as problem:
        return str(problem)
    assert read.sop_instance_uid
    return ""
