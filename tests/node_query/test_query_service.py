"""C-FIND over an association."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import DataElement, Dataset, config

from gateway.adapters.dicomnet.query_service import query_service
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import PATIENT_ROOT_FIND, RT_PLAN, STUDY_ROOT_FIND
from gateway.domain.node import Peer
from tests.node_query.cancels import waiting_for_cancel
from tests.node_query.objects import (
    AE_TITLE,
    Object,
    associate,
    database,
    insert,
    listening,
    node_of,
)

STORED = (
    Object("1.2.1.1.1"),
    Object("1.2.1.1.2"),
    Object("1.2.1.2.1", series="1.2.1.2", modality="RTPLAN", sop_class=RT_PLAN),
    Object("1.2.2.1.1", study="1.2.2", series="1.2.2.1", patient="P2", name="Phantom^Water"),
    Object("1.2.3.1.1", study="1.2.3", series="1.2.3.1", patient="P3", state="quarantined"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeDatabase]:
    with database(tmp_path) as found:
        insert(found, *STORED, StudyDate="20240102", StudyDescription="Bench")
        yield found


def identifier(level: str, **keys: Any) -> Dataset:
    found = Dataset()
    found.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(found, keyword, value)
    return found


def ask(
    port: int, asked: Dataset, model: str = STUDY_ROOT_FIND
) -> tuple[list[Dataset], list[int], Dataset]:
    """The matches, their statuses, and the final response's status."""
    association = associate(port, model)
    answers = list(association.send_c_find(asked, model))
    association.release()
    (*pending, (last, _)) = answers
    return [found for _, found in pending], [status.Status for status, _ in pending], last


def test_studies_with_what_is_counted_over_them(store: NodeDatabase) -> None:
    keys = {
        "ModalitiesInStudy": "",
        "NumberOfStudyRelatedSeries": "",
        "NumberOfStudyRelatedInstances": "",
        "StudyDescription": "",
        "InstanceAvailability": "",
        "AccessionNumber": "",
    }
    with listening(query_service(node_of(), store)) as port:
        (found,), statuses, last = ask(
            port, identifier("STUDY", PatientID="P1", StudyDate="20240101-", **keys)
        )
    assert statuses == [0xFF00]
    assert last.Status == 0x0000
    assert found.StudyInstanceUID == "1.2.1"
    assert list(found.ModalitiesInStudy) == ["RTIMAGE", "RTPLAN"]
    assert found.NumberOfStudyRelatedSeries == 2
    assert found.NumberOfStudyRelatedInstances == 3
    assert found.StudyDescription == "Bench"
    assert found.InstanceAvailability == "ONLINE"
    assert found.AccessionNumber == ""
    assert found.RetrieveAETitle == AE_TITLE
    assert found.QueryRetrieveLevel == "STUDY"
    assert "SpecificCharacterSet" not in found


def test_every_level_of_the_patient_root(store: NodeDatabase) -> None:
    levels = [
        identifier(
            "PATIENT", PatientID="", PatientName="phantom^e*", NumberOfPatientRelatedInstances=""
        ),
        identifier("STUDY", PatientID="P1", StudyInstanceUID=""),
        identifier("SERIES", PatientID="P1", StudyInstanceUID="1.2.1", Modality="RTPLAN"),
        identifier(
            "IMAGE",
            PatientID="P1",
            StudyInstanceUID="1.2.1",
            SeriesInstanceUID="1.2.1.1",
            SOPInstanceUID=["1.2.1.1.2", "1.2.1.2.1"],
        ),
    ]
    with listening(query_service(node_of(), store)) as port:
        answers = [ask(port, asked, PATIENT_ROOT_FIND)[0] for asked in levels]
    assert [len(found) for found in answers] == [1, 1, 1, 1]
    assert answers[0][0].NumberOfPatientRelatedInstances == 3
    assert answers[1][0].PatientID == "P1"
    assert answers[2][0].SeriesInstanceUID == "1.2.1.2"
    assert answers[3][0].SOPInstanceUID == "1.2.1.1.2"


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (STUDY_ROOT_FIND, identifier("PATIENT", PatientID="")),
        (STUDY_ROOT_FIND, identifier("FRAME")),
        (STUDY_ROOT_FIND, identifier("SERIES", SeriesInstanceUID="")),
        (STUDY_ROOT_FIND, identifier("SERIES", StudyInstanceUID=["1.2.1", "1.2.2"])),
        (PATIENT_ROOT_FIND, identifier("STUDY", StudyInstanceUID="1.2.1")),
        (PATIENT_ROOT_FIND, identifier("STUDY", PatientID="P*")),
    ],
)
def test_an_identifier_outside_the_model_is_refused(
    store: NodeDatabase, model: str, asked: Dataset
) -> None:
    with listening(query_service(node_of(), store)) as port:
        found, _, last = ask(port, asked, model)
    assert not found
    assert last.Status == 0xA900
    assert last.ErrorComment


def test_a_key_that_is_not_supported_is_told_and_left_out(store: NodeDatabase) -> None:
    with listening(query_service(node_of(), store)) as port:
        found, statuses, _ = ask(port, identifier("STUDY", PatientID="P2", SeriesDescription="x"))
    assert statuses == [0xFF01]
    assert "SeriesDescription" not in found[0]


def test_what_was_set_apart_is_not_found(store: NodeDatabase) -> None:
    with listening(query_service(node_of(), store)) as port:
        found, _, last = ask(port, identifier("STUDY", PatientID="P3"))
    assert not found
    assert last.Status == 0x0000


def test_an_identifier_that_cannot_be_decoded(store: NodeDatabase) -> None:
    asked = identifier("STUDY", PatientName="x")
    asked.add_new(0x00080005, "CS", "ISO_IR 0815")
    with (
        listening(query_service(node_of(), store)) as port,
        pytest.warns(UserWarning, match="encoding"),
    ):
        _, _, last = ask(port, asked)
    assert last.Status == 0xC000


def test_more_than_the_limit(store: NodeDatabase) -> None:
    with listening(query_service(node_of(), store, match_limit=1)) as port:
        found, _, last = ask(port, identifier("STUDY", StudyInstanceUID=""))
    assert len(found) == 1
    assert last.Status == 0xB001


def test_a_query_that_is_cancelled_ends(store: NodeDatabase) -> None:
    with listening(waiting_for_cancel(query_service(node_of(), store), 1)) as port:
        association = associate(port, STUDY_ROOT_FIND)
        asked = identifier("IMAGE", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1")
        statuses = []
        for status, _ in association.send_c_find(asked, STUDY_ROOT_FIND, msg_id=7):
            if not statuses:
                association.send_c_cancel(7, query_model=STUDY_ROOT_FIND)
            statuses.append(status.Status)
        association.release()
    assert statuses == [0xFF00, 0xFE00]


@pytest.mark.parametrize(
    ("name", "asked_in", "answered_in"),
    [
        ("Phantom^Größe", "ISO_IR 100", "ISO_IR 100"),
        ("Фантом^ЭПИД", "ISO_IR 100", "ISO_IR 192"),
        ("山田^太郎", "", "ISO_IR 192"),
    ],
)
def test_names_beyond_ascii(tmp_path: Path, name: str, asked_in: str, answered_in: str) -> None:
    asked = identifier("STUDY", PatientName="", StudyInstanceUID="")
    if asked_in:
        asked.SpecificCharacterSet = asked_in
    with database(tmp_path) as store:
        insert(store, Object("1.2.3", name=name))
        with listening(query_service(node_of(), store)) as port:
            (found,), _, _ = ask(port, asked)
    assert found.SpecificCharacterSet == answered_in
    assert found.PatientName == name


def test_a_name_is_found_by_a_key_in_another_character_set(tmp_path: Path) -> None:
    asked = identifier("STUDY", PatientName="山田*")
    asked.SpecificCharacterSet = "GB18030"
    with database(tmp_path) as store:
        insert(store, Object("1.2.3", name="Yamada^Tarou=山田^太郎=やまだ^たろう"))
        with listening(query_service(node_of(), store)) as port:
            (found,), _, _ = ask(port, asked)
    assert found.PatientName.ideographic == "山田^太郎"


@pytest.mark.parametrize("caller", ["STRANGER", "RESEARCH"])
def test_who_may_not_be_told_identities_is_told_nothing(store: NodeDatabase, caller: str) -> None:
    node = node_of(Peer("RESEARCH", "127.0.0.1", 0, pseudonymise=True))
    with listening(query_service(node, store)) as port:
        association = associate(port, STUDY_ROOT_FIND, ae_title=caller)
        ((last, found),) = association.send_c_find(
            identifier("STUDY", PatientName="*"), STUDY_ROOT_FIND
        )
        association.release()
    assert found is None
    assert last.Status == 0x0124


def test_no_identity_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    long_name = "Canary" * 20
    asked = identifier("STUDY", StudyInstanceUID="")
    asked.add(DataElement(0x00100010, "PN", "Canary*", validation_mode=config.IGNORE))
    asked.add(DataElement(0x00100020, "LO", long_name, validation_mode=config.IGNORE))
    with database(tmp_path) as store:
        insert(store, Object("1.2.3", name="Canary^Bird", patient="Canary-1"))
        with listening(query_service(node_of(), store)) as port:
            assert ask(port, asked)[2].Status == 0x0000
            del asked.PatientID
            assert len(ask(port, asked)[0]) == 1
    assert caplog.records
    assert not [record for record in caplog.records if "Canary" in record.getMessage()]
