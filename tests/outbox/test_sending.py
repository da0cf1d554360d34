"""Sending to an archive over associations: the bytes as they lie, or in a syntax that is taken."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OutboxItem, OutgoingObject, State
from gateway.app.node.outbox import outgoing_object
from gateway.app.node.sending_work import SendingWork
from gateway.dicom.part10 import file_meta
from gateway.dicom.sop_classes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNCOMPRESSED,
)
from gateway.domain.node import Peer
from gateway.domain.units import NS_PER_S
from tests.node_query.objects import listening
from tests.outbox.builders import ARCHIVE, Clock, dicom_file, node, objects, uid
from tests.outbox.network_archive import NetworkArchive, network_archive

JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
LIMIT_S = 10.0


class Bench:
    """An outbox and a real association to an archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = NodeDatabase(folder / "node")
        self.outbox = Outbox(self.database)
        self.clock = Clock()

    def send(
        self,
        archive: NetworkArchive,
        made: list[OutgoingObject],
        syntaxes: tuple[str, ...] = UNCOMPRESSED,
        commitment: bool = False,
    ) -> list[OutboxItem]:
        """Queue, work one round; how the objects fared."""
        self.outbox.queue(ARCHIVE, made, self.clock.ns)
        with network_archive(archive, syntaxes) as port:
            peer = Peer(ARCHIVE, "127.0.0.1", port, commitment=commitment)
            SendingWork(node(peer), self.outbox, self.clock).work(ARCHIVE)
        return self.outbox.rows()

    def one(self, content: bytes) -> OutgoingObject:
        path = self.folder / "one.dcm"
        path.write_bytes(content)
        return outgoing_object(path, content)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.database.close()


def data_set(path: Path) -> bytes:
    content = path.read_bytes()
    return content[file_meta(content).offset :]


def test_many_objects_arrive_as_they_lie(bench: Bench) -> None:
    archive = NetworkArchive()
    made = objects(bench.folder / "files", 20)
    large = bench.one(dicom_file(uid(99), pixels=bytes(range(256)) * 4_000))
    rows = bench.send(archive, [*made, large])
    assert {row.state for row in rows} == {State.DONE}
    assert archive.kept == {
        one.sop_instance_uid: (EXPLICIT_VR_LITTLE_ENDIAN, data_set(one.path))
        for one in (*made, large)
    }


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN])
def test_another_uncompressed_syntax_is_written_where_only_that_is_taken(
    bench: Bench, syntax: str
) -> None:
    archive = NetworkArchive()
    (row,) = bench.send(archive, [bench.one(dicom_file(uid(1)))], (syntax,))
    assert row.state is State.DONE
    taken, content = archive.kept[uid(1)]
    assert taken == syntax
    assert (b"\2\1" * 32 if syntax == EXPLICIT_VR_BIG_ENDIAN else b"\1\2" * 32) in content
    assert (b"UI" in content) == (syntax == EXPLICIT_VR_BIG_ENDIAN)


def test_a_compressed_object_goes_as_it_is_or_not_at_all(bench: Bench) -> None:
    content = dicom_file(uid(1), transfer_syntax_uid=JPEG_LOSSLESS)
    archive = NetworkArchive()
    (row,) = bench.send(archive, [bench.one(content)])
    assert row.state is State.PARKED
    assert row.reason == (
        f"the destination accepts nothing of its SOP class, and the object is in {JPEG_LOSSLESS}"
    )
    bench.outbox.retry(row.item, bench.clock.ns)
    (row,) = bench.send(archive, [], (JPEG_LOSSLESS,))
    assert row.state is State.DONE
    assert archive.kept[uid(1)] == (JPEG_LOSSLESS, content[file_meta(content).offset :])


def test_a_class_that_it_does_not_take_is_parked_and_the_rest_goes(bench: Bench) -> None:
    other = bench.one(dicom_file(uid(50), sop_class_uid="1.2.840.10008.5.1.4.1.1.88.11"))
    made = objects(bench.folder / "files", 2)
    *rows, last = bench.send(NetworkArchive(), [*made, other])
    assert {row.state for row in rows} == {State.DONE}
    assert last.state is State.PARKED


def test_a_file_that_holds_another_object_is_parked(bench: Bench) -> None:
    one = bench.one(dicom_file(uid(1)))
    queued = OutgoingObject(one.sop_class_uid, uid(2), one.path, one.sha256, one.size_bytes)
    (row,) = bench.send(NetworkArchive(), [queued])
    assert (row.state, row.reason) == (
        State.PARKED,
        "its file holds another object than was queued",
    )


def test_a_duplicate_is_asked_for(bench: Bench) -> None:
    archive = NetworkArchive()
    archive.status = lambda _: 0x0111
    there, other = objects(bench.folder / "files", 2)
    archive.kept[there.sop_instance_uid] = EXPLICIT_VR_LITTLE_ENDIAN, b""
    rows = bench.send(archive, [there, other])
    assert [row.state for row in rows] == [State.DONE, State.PARKED]
    assert rows[1].reason == "refused: duplicate SOP instance (0x0111)"


IN_USE = "is_established"
"""What an association of this test is, and none of the one before."""


def test_it_aborts_in_the_middle(bench: Bench) -> None:
    archive = NetworkArchive()
    made = objects(bench.folder / "files", 5)

    def status(instance_uid: str) -> int:
        if instance_uid == made[2].sop_instance_uid and not archive.arrivals[instance_uid]:
            archive.arrivals[instance_uid] += 1
            there = next(
                one
                for one in threading.enumerate()
                if one.name.startswith("AcceptorThread") and getattr(one, IN_USE)
            )
            there.abort(block=False)  # type: ignore[attr-defined]  # an Association
        return 0

    archive.status = status
    rows = bench.send(archive, made)
    assert [row.state for row in rows] == [State.DONE] * 2 + [State.QUEUED] * 3
    assert "gave no answer to a C-STORE" in rows[2].reason
    bench.clock.ns += 10**10
    rows = bench.send(archive, [])
    assert {row.state for row in rows} == {State.DONE}


def test_commitment_is_reported_to_the_listener(bench: Bench) -> None:
    archive = NetworkArchive()
    lost = uid(1)
    archive.loses = lambda instance_uid: instance_uid == lost
    service = commitment_reply_service(bench.outbox, bench.clock.now_ns)
    with ExitStack() as stack:
        archive.reply_port = stack.enter_context(listening(service))
        bench.send(archive, objects(bench.folder / "files", 3), commitment=True)
        assert archive.answered.get(timeout=LIMIT_S) == 0x0000
    states = {row.sop_instance_uid: (row.state, row.reason) for row in bench.outbox.rows()}
    assert states == {
        uid(0): (State.DONE, ""),
        lost: (State.QUEUED, "not committed: no such object there (0x0112); sent again"),
        uid(2): (State.DONE, ""),
    }


def test_a_report_in_the_same_association_is_waited_for_once_it_was_missed(bench: Bench) -> None:
    archive = NetworkArchive()
    archive.replies_inside = True
    made = objects(bench.folder / "files", 3)
    rows = bench.send(archive, made, commitment=True)
    assert {row.state for row in rows} <= {State.DONE, State.COMMITTING}
    bench.clock.ns += 700 * NS_PER_S
    rows = bench.send(archive, made, commitment=True)
    assert {row.state for row in rows} == {State.DONE}
    assert archive.arrivals == {one.sop_instance_uid: 1 for one in made}


def test_the_listener_refuses_what_was_not_asked_for(bench: Bench) -> None:
    """Another's transaction, or the right one from the wrong peer."""
    archive, stranger = NetworkArchive(), NetworkArchive()
    made = objects(bench.folder / "files", 1)
    service = commitment_reply_service(bench.outbox, bench.clock.now_ns)
    other = Outbox(NodeDatabase(bench.folder / "other"))
    with listening(service) as port, listening(commitment_reply_service(other)) as elsewhere:
        archive.reply_port, stranger.reply_port = elsewhere, port
        bench.send(archive, made, commitment=True)
        assert archive.answered.get(timeout=LIMIT_S) == 0x0115
    assert [row.state for row in bench.outbox.rows()] == [State.COMMITTING]
