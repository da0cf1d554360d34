"""The node's services on a port of the loopback interface."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom import config

from gateway.adapters.dicomnet.commitment_service import answer_pending, commitment_service
from gateway.adapters.dicomnet.query_service import query_service
from gateway.adapters.dicomnet.retrieve_service import retrieve_service
from gateway.adapters.dicomnet.same_object import is_same
from gateway.adapters.dicomnet.service import Service
from gateway.adapters.dicomnet.storage_service import storage_service, verification_service
from gateway.adapters.nodestore.commitments import Commitments
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.objects import Objects
from gateway.dicom.part10 import file_meta
from gateway.domain.node import Node, Peer
from tests.node_query.objects import AE_TITLE, listening

MoreServices = Callable[[NodeDatabase], Iterable[Service]]
NOW_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Gateway:
    """A node that runs in this process."""

    node: Node
    port: int
    database: NodeDatabase
    files: ObjectFiles
    commitments: Commitments

    def received(self) -> Mapping[str, bytes]:
        """What it was sent: data sets by SOP Instance UID."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT sop_instance_uid, sha256 FROM objects").fetchall()
        contents = {row[0]: self.files.path(row[1]).read_bytes() for row in rows}
        return {uid: content[file_meta(content).offset :] for uid, content in contents.items()}

    def answer_commitments(self) -> int:
        """What the sender's loop does."""
        return answer_pending(self.node, self.commitments, self.database, self.files, 2 * NOW_NS)


@contextmanager
def gateway(
    folder: Path, *peers: Peer, port: int = 0, services: MoreServices = lambda _: ()
) -> Iterator[Gateway]:
    """A node with these peers, and services beside its own; ended with the block."""
    node = Node("test", AE_TITLE, "127.0.0.1", 0, {peer.ae_title: peer for peer in peers})
    database = NodeDatabase(folder / "node")
    files = ObjectFiles(folder / "node")
    commitments = Commitments(database)
    objects = Objects(database, files, is_same)
    own = (
        verification_service(),
        storage_service(node, objects, files, lambda *_: ()),
        query_service(node, database),
        retrieve_service(node, database, files),
        commitment_service(node, commitments, lambda: NOW_NS),
    )
    with unwarned(), listening(*own, *services(database), port=port) as bound:
        yield Gateway(node, bound, database, files, commitments)
    database.close()


@contextmanager
def unwarned() -> Iterator[None]:
    """As a worker process is: what peers send is judged by validation, not by pydicom."""
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.settings.reading_validation_mode = before
