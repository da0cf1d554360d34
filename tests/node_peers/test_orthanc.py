"""Orthanc as the archive: what the gateway writes is stored there, committed, and given back."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.adapters.clock import SystemClock
from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OutgoingObject, State
from gateway.app.node.sending_work import SendingWork
from gateway.dicom.part10 import file_meta
from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.dicom.treatment_record_writer import treatment_record
from gateway.domain.node import Peer
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, frame, recorded
from tests.generate.machines import HALCYON, M120
from tests.node_peers.node import Gateway, gateway
from tests.node_query.objects import AE_TITLE
from tests.orthanc import AE_TITLE as ARCHIVE
from tests.orthanc import Orthanc, free_port, orthanc

WAIT_S = 20.0
POLL_S = 0.05
pytestmark = pytest.mark.peer


def written() -> list[bytes]:
    """RT Images, integrated and cine, and RT Beams Treatment Records, as deliveries leave them."""
    files = []
    for kind, machine in (("open-field", M120), ("vmat", HALCYON)):
        plan = generate(kind, machine, seed=1)
        beam = next(iter(plan.beams.values()))
        files.append(integrated_image(context(plan), recorded(beam), frame(beam), 1))
        frames = [frame(beam, number, 3) for number in (1, 2, 3)]
        files += cine_images(context(plan), recorded(beam), frames, 5)
        files.append(treatment_record(context(plan), [recorded(beam)]))
    return files


def data_set(content: bytes) -> bytes:
    return content[file_meta(content).offset :]


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within the time."""
    until = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True


@dataclass
class Bench:
    """A gateway and an archive that know each other, and what the gateway has written."""

    gateway: Gateway
    archive: Orthanc
    outbox: Outbox
    files: Mapping[str, Path]

    def queue(self) -> None:
        """Everything that was written is to be sent."""
        found = []
        for path in self.files.values():
            content = path.read_bytes()
            meta = file_meta(content)
            sha256 = hashlib.sha256(content).hexdigest()
            uids = meta.sop_class_uid, meta.sop_instance_uid
            found.append(OutgoingObject(*uids, path, sha256, len(content)))
        assert self.outbox.queue(ARCHIVE, found, time.time_ns()) == len(found)

    def states(self) -> set[State]:
        return {row.state for row in self.outbox.rows()}

    def written(self) -> dict[str, bytes]:
        """Data sets by SOP Instance UID."""
        return {uid: data_set(path.read_bytes()) for uid, path in self.files.items()}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    files = {}
    for number, content in enumerate(written()):
        path = folder / f"{number}.dcm"
        path.write_bytes(content)
        files[file_meta(content).sop_instance_uid] = path
    port = free_port()
    with orthanc(folder / "archive", {"gateway": (AE_TITLE, "127.0.0.1", port)}) as archive:
        peer = Peer(ARCHIVE, "127.0.0.1", archive.dicom_port)
        with gateway(
            folder, peer, port=port, services=lambda base: [commitment_reply_service(Outbox(base))]
        ) as node:
            yield Bench(node, archive, Outbox(node.database), files)


def test_images_and_records_are_stored_committed_and_given_back(bench: Bench) -> None:
    bench.queue()
    SendingWork(bench.gateway.node, bench.outbox, SystemClock()).work(ARCHIVE)
    assert eventually(lambda: bench.states() == {State.DONE})
    assert bench.archive.instances().keys() == bench.files.keys()
    kept = {uid: data_set(bench.archive.file(uid)) for uid in bench.files}
    assert kept == bench.written()
    for identifier in bench.archive.instances().values():
        bench.archive.post("/modalities/gateway/store", [identifier])
    assert bench.gateway.received() == bench.written()


def test_the_archive_asks_the_node_and_has_a_study_sent(bench: Bench, tmp_path: Path) -> None:
    """Orthanc as the one that queries and retrieves, from an empty store of its own."""
    uid, path = next(iter(bench.files.items()))
    study = str(dcmread(path).StudyInstanceUID)
    assert uid in bench.gateway.received()
    for identifier in bench.archive.get("/studies"):
        bench.archive.delete(f"/studies/{identifier}")
    assert not bench.archive.instances()
    query = bench.archive.post(
        "/modalities/gateway/query", {"Level": "Study", "Query": {"StudyInstanceUID": study}}
    )
    answers = bench.archive.get(f"{query['Path']}/answers")
    assert len(answers) == 1
    bench.archive.post(f"{query['Path']}/retrieve", {"TargetAet": ARCHIVE, "Synchronous": True})
    kept = {found: data_set(bench.archive.file(found)) for found in bench.archive.instances()}
    assert uid in kept
    assert kept == {found: bench.written()[found] for found in kept}


def test_the_node_commits_what_the_archive_stored(bench: Bench) -> None:
    """Orthanc as the one that asks for commitment, and is called back."""
    sent = bench.archive.post(
        "/modalities/gateway/store",
        {
            "Resources": list(bench.archive.instances().values()),
            "StorageCommitment": True,
            "Synchronous": True,
        },
    )
    transaction = sent["StorageCommitmentTransactionUID"]
    assert eventually(lambda: bench.gateway.answer_commitments() > 0)
    report = bench.archive.get(f"/storage-commitment/{transaction}")
    assert report["Status"] == "Success"
    assert len(report["Success"]) == len(bench.archive.instances())
