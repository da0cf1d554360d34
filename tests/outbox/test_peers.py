"""Programs of others at the other end: storescp, and an Orthanc that has lost a part."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import State
from gateway.app.node.outbox import outgoing_object
from gateway.app.node.sending_work import SendingWork
from gateway.dicom.part10 import file_meta
from gateway.dicom.rt_image_writer import integrated_image
from gateway.domain.node import Peer
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, frame, recorded
from tests.generate.machines import M120
from tests.node_peers.dcmtk import storescp
from tests.node_query.objects import AE_TITLE, listening
from tests.orthanc import free_port, orthanc
from tests.outbox.builders import Clock, node, objects

WAIT_S = 20.0
POLL_S = 0.05
NS_PER_MINUTE = 60 * 10**9
pytestmark = pytest.mark.peer


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    database = NodeDatabase(tmp_path / "node")
    yield Outbox(database)
    database.close()


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True


def test_storescp_receives_what_lies_in_the_outbox(tmp_path: Path, outbox: Outbox) -> None:
    clock, made = Clock(), objects(tmp_path / "files", 300)
    with storescp(tmp_path / "received") as receiver:
        peer = Peer(receiver.ae_title, "127.0.0.1", receiver.port, commitment=False)
        outbox.queue(receiver.ae_title, made, clock.ns)
        work = SendingWork(node(peer), outbox, clock)
        work.work(receiver.ae_title)
        work.work(receiver.ae_title)
        received = receiver.received()
    assert {row.state for row in outbox.rows()} == {State.DONE}
    contents = {one.sop_instance_uid: one.path.read_bytes() for one in made}
    assert received == {uid: all_[file_meta(all_).offset :] for uid, all_ in contents.items()}


def test_storescp_that_offers_no_commitment_keeps_objects_waiting(
    tmp_path: Path, outbox: Outbox
) -> None:
    clock, made = Clock(), objects(tmp_path / "files", 2)
    with storescp(tmp_path / "received") as receiver:
        peer = Peer(receiver.ae_title, "127.0.0.1", receiver.port, commitment=True)
        outbox.queue(receiver.ae_title, made, clock.ns)
        SendingWork(node(peer), outbox, clock).work(receiver.ae_title)
    rows = outbox.rows()
    assert {row.state for row in rows} == {State.SENT}
    assert "does not offer Storage Commitment" in rows[0].reason


def test_orthanc_does_not_commit_what_it_has_not_and_is_sent_it_again(
    tmp_path: Path, outbox: Outbox
) -> None:
    clock = Clock()
    plan = generate("open-field", M120, seed=1)
    beam = next(iter(plan.beams.values()))
    made = []
    for number in (1, 2):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(integrated_image(context(plan), recorded(beam), frame(beam), number))
        made.append(outgoing_object(path, path.read_bytes()))
    lost = made[1].sop_instance_uid
    reply_port = free_port()
    with (
        orthanc(tmp_path / "orthanc", {"gateway": (AE_TITLE, "127.0.0.1", reply_port)}) as archive,
        listening(commitment_reply_service(outbox, clock.now_ns), port=reply_port),
    ):
        work = SendingWork(
            node(Peer(archive.ae_title, "127.0.0.1", archive.dicom_port)), outbox, clock
        )
        outbox.queue(archive.ae_title, made, clock.ns)
        outbox.sent(2, "said to be stored, which it is not", clock.ns)
        work.work(archive.ae_title)
        assert eventually(lambda: not any(row.state is State.COMMITTING for row in outbox.rows()))
        states = {row.sop_instance_uid: (row.state, row.reason) for row in outbox.rows()}
        assert states == {
            made[0].sop_instance_uid: (State.DONE, ""),
            lost: (State.QUEUED, "not committed: no such object there (0x0112); sent again"),
        }
        clock.ns += NS_PER_MINUTE
        work.work(archive.ae_title)
        assert eventually(lambda: {row.state for row in outbox.rows()} == {State.DONE})
        (tmp_path / "back.dcm").write_bytes(archive.file(lost))
    assert dcmread(tmp_path / "back.dcm") == dcmread(made[1].path)
