"""Attribute matching of queries (PS3.4 C.2.2.2)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from simulators.tms.data import item
from simulators.tms.matching import answered, matches

CODE = item(CodeValue="121726", CodingSchemeDesignator="DCM", CodeMeaning="RT Treatment")
CANDIDATE = item(
    SOPInstanceUID="1.2.3",
    PatientName="Phantom^EPID",
    PatientID="",
    ProcedureStepState="SCHEDULED",
    ProcedureStepLabel="Left [1] field",
    ScheduledProcedureStepStartDateTime="20260304123015+0100",
    ScheduledWorkitemCodeSequence=[CODE],
    ScheduledStationNameCodeSequence=[],
    StudyDate="20260304",
    StudyTime="1230",
    SeriesNumber="7",
)


@pytest.mark.parametrize(
    ("keyword", "key", "expected"),
    [
        ("ProcedureStepState", "SCHEDULED", True),
        ("ProcedureStepState", "scheduled", False),
        ("ProcedureStepState", "", True),
        ("ProcedureStepState", "S*", True),
        ("ProcedureStepState", "?CHEDULED", True),
        ("ProcedureStepState", "?SCHEDULED", False),
        ("ProcedureStepLabel", "*[1]*", True),
        ("ProcedureStepLabel", "*[2]*", False),
        ("PatientName", "phantom*", True),
        ("PatientName", "Phan?om^EPID", True),
        ("PatientID", "1", False),
        ("PatientID", "*", True),
        ("AccessionNumber", "A1", False),
        ("AccessionNumber", "", True),
        ("SOPInstanceUID", "1.2.3", True),
        ("SOPInstanceUID", "1.2.3*", False),
        ("SOPInstanceUID", ["1.2.4", "1.2.3"], True),
        ("SOPInstanceUID", ["1.2.4", "1.2.5"], False),
        ("SeriesNumber", "07", True),
        ("SeriesNumber", "8", False),
        ("StudyDate", "20260304", True),
        ("StudyDate", "20260301-20260304", True),
        ("StudyDate", "-20260303", False),
        ("StudyDate", "20260304-", True),
        ("StudyTime", "1200-1300", True),
        ("StudyTime", "123000-123001", True),
        ("StudyTime", "1231-", False),
        ("ScheduledProcedureStepStartDateTime", "2026", True),
        ("ScheduledProcedureStepStartDateTime", "20260304113015+0000", True),
        ("ScheduledProcedureStepStartDateTime", "20260304123015", False),
        ("ScheduledProcedureStepStartDateTime", "20260304063015-0500", True),
        ("ScheduledProcedureStepStartDateTime", "20260304-20260304", True),
        ("ScheduledProcedureStepStartDateTime", "20260304120000-20260304130000", False),
        (
            "ScheduledProcedureStepStartDateTime",
            "20260304060000-0500-20260304073000-0500",
            True,
        ),
        ("ScheduledProcedureStepStartDateTime", "-20260304113014", False),
        ("ScheduledProcedureStepStartDateTime", "-", False),
        ("ScheduledProcedureStepStartDateTime", "noon", False),
    ],
)
def test_values(keyword: str, key: Any, expected: bool) -> None:
    keys = Dataset()
    keys.add_new(keyword, CANDIDATE[keyword].VR if keyword in CANDIDATE else "SH", None)
    with_invalid_values_allowed(keys, keyword, key)
    assert matches(keys, CANDIDATE) is expected


def with_invalid_values_allowed(keys: Dataset, keyword: str, key: Any) -> None:
    element = keys[keyword]
    element.validation_mode = 0
    element.value = key


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (item(CodeValue="121726", CodingSchemeDesignator="DCM"), True),
        (item(CodeValue="121726", CodingSchemeDesignator="", CodeMeaning=""), True),
        (item(CodeValue="121727", CodingSchemeDesignator="DCM"), False),
        (item(CodeValue="121726", CodingSchemeDesignator="99X"), False),
        (item(), True),
        (item(CodeValue="*"), True),
    ],
)
def test_sequences_match_by_one_item(code: Dataset, expected: bool) -> None:
    assert matches(item(ScheduledWorkitemCodeSequence=[code]), CANDIDATE) is expected


def test_a_code_is_not_found_in_an_empty_sequence() -> None:
    keys = item(ScheduledStationNameCodeSequence=[item(CodeValue="LINAC1")])
    assert not matches(keys, CANDIDATE)
    assert matches(item(ScheduledStationNameCodeSequence=[]), CANDIDATE)
    assert matches(item(ScheduledStationNameCodeSequence=[item(CodeValue="")]), CANDIDATE)


def test_an_answer_has_what_was_asked_and_its_identity() -> None:
    keys = item(ProcedureStepLabel="", WorklistLabel="", InputInformationSequence=[])
    answer = answered(keys, CANDIDATE)
    assert [element.keyword for element in answer] == [
        "SOPInstanceUID",
        "InputInformationSequence",
        "WorklistLabel",
        "ProcedureStepLabel",
    ]
    assert answer.ProcedureStepLabel == "Left [1] field"
    assert not answer.InputInformationSequence


moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - set below
    lambda when: when.replace(microsecond=0, tzinfo=UTC)
)
zones = st.sampled_from([-12, -5, 0, 1, 9, 14]).map(lambda hours: timezone(timedelta(hours=hours)))


@given(moments, moments, moments, zones, zones)
def test_ranges_of_moments_are_those_of_time(
    low: datetime, high: datetime, found: datetime, zone: timezone, other: timezone
) -> None:
    candidate = item(ScheduledProcedureStepStartDateTime=written(found, other))
    keys = item()
    keys.add_new("ScheduledProcedureStepStartDateTime", "DT", None)
    bounds = f"{written(low, zone)}-{written(high, zone)}"
    with_invalid_values_allowed(keys, "ScheduledProcedureStepStartDateTime", bounds)
    assert matches(keys, candidate) is (low <= found <= high)


def written(when: datetime, zone: timezone) -> str:
    return when.astimezone(zone).strftime("%Y%m%d%H%M%S%z")


texts = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=12).filter(
    lambda text: "\\" not in text
)


@given(texts.filter(lambda text: not {"*", "?"} & set(text)), texts)
def test_text_without_wildcards_matches_itself_only(wanted: str, found: str) -> None:
    keys = item(ProcedureStepLabel=wanted)
    expected = not wanted or wanted == found
    assert matches(keys, item(ProcedureStepLabel=found)) is expected
    assert matches(item(ProcedureStepLabel=f"*{wanted}*"), item(ProcedureStepLabel=f"a{wanted}b"))
