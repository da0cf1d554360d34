"""C-GET and C-MOVE over associations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import build_role, evt

from gateway.adapters.dicomnet.retrieve_service import retrieve_service
from gateway.dicom.sop_classes import (
    EXPLICIT_VR_BIG_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    RT_IMAGE,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    UNCOMPRESSED,
)
from gateway.domain.node import Node, Peer
from tests.node_query.archive import Archive, Files, Receiver, receiving
from tests.node_query.cancels import waiting_for_cancel
from tests.node_query.objects import (
    CALLER,
    associate,
    database,
    listening,
    node_of,
)
from tests.orthanc import free_port

JPEG_LS = "1.2.840.10008.1.2.4.80"
UNTIL_FIRST_OBJECT = 3
"""Steps of a C-MOVE's handler: where to, how many objects, and the first of them."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    (tmp_path / "objects").mkdir()
    with database(tmp_path) as found:
        yield Archive(found, Files(tmp_path / "objects"))


def node(port: int = 0, **others: Any) -> Node:
    return node_of(Peer("ARCHIVE", "127.0.0.1", port, **others))


def identifier(**keys: Any) -> Dataset:
    found = Dataset()
    found.QueryRetrieveLevel = keys.pop("level", "STUDY")
    for keyword, value in keys.items():
        setattr(found, keyword, value)
    return found


def move(archive: Archive, port: int, asked: Dataset, to: str = "ARCHIVE") -> list[Dataset]:
    """Statuses of the responses."""
    with listening(retrieve_service(node(port), archive.database, archive.files)) as own:
        association = associate(own, STUDY_ROOT_MOVE)
        statuses = [
            status for status, _ in association.send_c_move(asked, to, STUDY_ROOT_MOVE, msg_id=5)
        ]
        association.release()
    return statuses


def test_moved_objects_keep_every_byte(archive: Archive) -> None:
    sent = {uid: archive.add(uid) for uid in ("1.2.1", "1.2.2", "1.2.3")}
    with receiving() as receiver:
        *pending, last = move(archive, receiver.port, identifier(StudyInstanceUID="1.2.1"))
    assert receiver.received == sent
    assert receiver.originators == [("VIEWER", 5)] * 3
    assert [status.Status for status in pending] == [0xFF00] * 3
    assert [status.NumberOfRemainingSuboperations for status in pending] == [2, 1, 0]
    assert last.Status == 0x0000
    assert last.NumberOfCompletedSuboperations == 3


@pytest.mark.parametrize("stored", UNCOMPRESSED)
@pytest.mark.parametrize("taken", UNCOMPRESSED)
def test_an_object_is_written_in_a_syntax_that_the_destination_takes(
    archive: Archive, stored: str, taken: str
) -> None:
    same = archive.add("1.2.1", stored, PatientComments="x" * 7)
    with receiving(syntaxes=[taken]) as receiver:
        *_, last = move(archive, receiver.port, identifier(StudyInstanceUID="1.2.1"))
    assert last.Status == 0x0000
    assert receiver.syntaxes == [taken]
    if stored == taken:
        assert receiver.received["1.2.1"] == same
    else:
        found = _read(receiver.received["1.2.1"], taken)
        words = found.PixelData
        if (stored == EXPLICIT_VR_BIG_ENDIAN) != (taken == EXPLICIT_VR_BIG_ENDIAN):
            words = b"".join(words[at : at + 2][::-1] for at in range(0, len(words), 2))
        assert words == bytes(range(64))
        assert found.BitsAllocated == 16
        assert found.PatientComments == "x" * 7


def _read(content: bytes, syntax: str) -> Dataset:
    from io import BytesIO

    from pynetdicom.dsutils import decode

    return decode(
        BytesIO(content), syntax == IMPLICIT_VR_LITTLE_ENDIAN, syntax != EXPLICIT_VR_BIG_ENDIAN
    )


def test_a_compressed_object_is_not_sent_to_one_who_does_not_take_it(archive: Archive) -> None:
    archive.add("1.2.1", JPEG_LS)
    plain = archive.add("1.2.2")
    with receiving() as receiver:
        *_, last = move(archive, receiver.port, identifier(StudyInstanceUID="1.2.1"))
    assert receiver.received == {"1.2.2": plain}
    assert last.Status == 0xB000
    assert last.NumberOfFailedSuboperations == 1


def test_a_file_that_is_gone_is_counted_as_failed(archive: Archive) -> None:
    archive.add("1.2.1")
    archive.files.path("121").unlink()
    with receiving() as receiver:
        *_, last = move(archive, receiver.port, identifier(StudyInstanceUID="1.2.1"))
    assert last.Status == 0xA702
    assert last.NumberOfFailedSuboperations == 1


def test_a_warning_of_the_destination_is_counted(archive: Archive) -> None:
    archive.add("1.2.1")
    with receiving(status=0xB000) as receiver:
        *_, last = move(archive, receiver.port, identifier(StudyInstanceUID="1.2.1"))
    assert last.Status == 0xB000
    assert last.NumberOfWarningSuboperations == 1


@pytest.mark.parametrize("destination", ["NOBODY", CALLER])
def test_objects_move_to_configured_peers_that_listen(archive: Archive, destination: str) -> None:
    archive.add("1.2.1")
    (last,) = move(archive, 1, identifier(StudyInstanceUID="1.2.1"), destination)
    assert last.Status == 0xA801


def test_a_destination_that_does_not_answer_is_told(archive: Archive) -> None:
    archive.add("1.2.1")
    (last,) = move(archive, free_port(), identifier(StudyInstanceUID="1.2.1"))
    assert last.Status == 0xA702
    assert "ARCHIVE" in last.ErrorComment


def test_a_move_without_its_unique_key_is_refused(archive: Archive) -> None:
    archive.add("1.2.1")
    with receiving() as receiver:
        (last,) = move(archive, receiver.port, identifier(PatientName="*"))
    assert last.Status == 0xA900
    assert not receiver.received


def test_a_move_that_is_cancelled_ends(archive: Archive) -> None:
    for number in range(3):
        archive.add(f"1.2.{number}")
    with receiving() as receiver:
        service = retrieve_service(node(receiver.port), archive.database, archive.files)
        with listening(waiting_for_cancel(service, UNTIL_FIRST_OBJECT)) as own:
            association = associate(own, STUDY_ROOT_MOVE)
            statuses = []
            asked = identifier(StudyInstanceUID="1.2.1")
            for status, _ in association.send_c_move(asked, "ARCHIVE", STUDY_ROOT_MOVE, msg_id=9):
                if not statuses:
                    association.send_c_cancel(9, query_model=STUDY_ROOT_MOVE)
                statuses.append(status)
            association.release()
    assert [status.Status for status in statuses] == [0xFF00, 0xFE00]
    assert statuses[-1].NumberOfRemainingSuboperations == 2
    assert len(receiver.received) == 1


def test_objects_are_got_on_the_same_association_twice(archive: Archive) -> None:
    sent = {uid: archive.add(uid) for uid in ("1.2.1", "1.2.2")}
    receiver = Receiver()
    with listening(retrieve_service(node(), archive.database, archive.files)) as own:
        association = associate(
            own,
            STUDY_ROOT_GET,
            RT_IMAGE,
            ext_neg=[build_role(RT_IMAGE, scp_role=True)],
            evt_handlers=[(evt.EVT_C_STORE, receiver.store)],
        )
        for uid in sent:
            asked = identifier(
                level="IMAGE",
                StudyInstanceUID="1.2.1",
                SeriesInstanceUID="1.2.1.1",
                SOPInstanceUID=uid,
            )
            *_, (last, _) = association.send_c_get(asked, STUDY_ROOT_GET)
            assert last.Status == 0x0000
        association.release()
    assert receiver.received == sent


def test_objects_that_the_caller_cannot_take_fail(archive: Archive) -> None:
    archive.add("1.2.1")
    with listening(retrieve_service(node(), archive.database, archive.files)) as own:
        association = associate(own, STUDY_ROOT_GET)
        *_, (last, failed) = association.send_c_get(
            identifier(StudyInstanceUID="1.2.1"), STUDY_ROOT_GET
        )
        association.release()
    assert last.Status == 0xA702
    assert failed.FailedSOPInstanceUIDList == "1.2.1"


def test_nothing_to_retrieve_is_success(archive: Archive) -> None:
    with listening(retrieve_service(node(), archive.database, archive.files)) as own:
        association = associate(own, STUDY_ROOT_GET)
        *_, (last, _) = association.send_c_get(identifier(StudyInstanceUID="9.9"), STUDY_ROOT_GET)
        association.release()
    assert last.Status == 0x0000


def test_nothing_leaves_with_identities_for_a_peer_of_pseudonyms(archive: Archive) -> None:
    archive.add("1.2.1")
    with receiving() as receiver:
        other = node(receiver.port, pseudonymise=True)
        with listening(retrieve_service(other, archive.database, archive.files)) as own:
            association = associate(own, STUDY_ROOT_MOVE)
            asked = identifier(StudyInstanceUID="1.2.1")
            ((last, _),) = association.send_c_move(asked, "ARCHIVE", STUDY_ROOT_MOVE)
            association.release()
    assert last.Status == 0x0124
    assert not receiver.received


@pytest.mark.parametrize("caller", ["STRANGER", "ARCHIVE"])
def test_who_may_not_be_told_identities_gets_nothing(archive: Archive, caller: str) -> None:
    archive.add("1.2.1")
    receiver = Receiver()
    with listening(
        retrieve_service(node(pseudonymise=True), archive.database, archive.files)
    ) as own:
        association = associate(
            own,
            STUDY_ROOT_GET,
            RT_IMAGE,
            ae_title=caller,
            ext_neg=[build_role(RT_IMAGE, scp_role=True)],
            evt_handlers=[(evt.EVT_C_STORE, receiver.store)],
        )
        asked = identifier(StudyInstanceUID="1.2.1")
        ((last, _),) = association.send_c_get(asked, STUDY_ROOT_GET)
        association.release()
    assert last.Status == 0x0124
    assert not receiver.received
