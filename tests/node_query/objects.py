"""Rows of the node's database, made up."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import ThreadedAssociationServer

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.service import Service, accept
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE
from gateway.domain.node import Node, Peer

AE_TITLE = "GATEWAY"
CALLER = "VIEWER"
TIMEOUT_S = 10
POLL_S = 0.05


@dataclass
class Object:
    """One row of ``objects``; ``attributes`` are keywords and values of its dataset."""

    uid: str
    study: str = "1.2.1"
    series: str = "1.2.1.1"
    patient: str = "P1"
    name: str = "Phantom^EPID"
    modality: str = "RTIMAGE"
    sop_class: str = RT_IMAGE
    syntax: str = EXPLICIT_VR_LITTLE_ENDIAN
    state: str = "valid"
    sha256: str = "00"
    size: int = 0

    def dataset(self, **others: Any) -> Dataset:
        """Its attributes."""
        found = Dataset()
        found.SOPInstanceUID = self.uid
        found.SOPClassUID = self.sop_class
        found.StudyInstanceUID = self.study
        found.SeriesInstanceUID = self.series
        found.PatientID = self.patient
        found.PatientName = self.name
        found.Modality = self.modality
        for keyword, value in others.items():
            setattr(found, keyword, value)
        return found


def insert(database: NodeDatabase, *objects: Object, **others: Any) -> None:
    """Store rows; ``others`` are more attributes of each."""
    with database.transaction() as connection:
        for one in objects:
            (count,) = connection.execute("SELECT count(*) FROM objects").fetchone()
            connection.execute(
                f"INSERT INTO objects VALUES ({', '.join('?' * 15)})",
                (
                    one.uid,
                    one.sop_class,
                    one.syntax,
                    one.study,
                    one.series,
                    one.modality,
                    one.patient,
                    one.name,
                    json.dumps(one.dataset(**others).to_json_dict()),
                    "PEER",
                    one.sha256,
                    one.size,
                    count,
                    one.state,
                    "[]",
                ),
            )


@contextmanager
def listening(*services: Service, port: int = 0) -> Iterator[int]:
    """The services on ``port`` of the loopback interface, or a free one."""
    entity = NodeEntity(ae_title=AE_TITLE)
    handlers = accept(entity, services)
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout"):
        setattr(entity, timeout, TIMEOUT_S)
    with serving(entity, handlers, port) as found:
        yield found


@contextmanager
def serving(entity: AE, handlers: list[Any], port: int = 0) -> Iterator[int]:
    """As ``start_server``, which takes half a second to end."""
    server = entity.make_server(
        ("127.0.0.1", port), evt_handlers=handlers, server_class=ThreadedAssociationServer
    )
    entity._servers.append(server)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(TIMEOUT_S)


def associate(port: int, *contexts: str, ae_title: str = CALLER, **others: Any) -> Association:
    """An association that is established."""
    entity = AE(ae_title=ae_title)
    for uid in contexts:
        entity.add_requested_context(uid)
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout"):
        setattr(entity, timeout, TIMEOUT_S)
    found = entity.associate(
        "127.0.0.1", port, ae_title=AE_TITLE, bind_address=("127.0.0.1", 0), **others
    )
    assert found.is_established
    return found


@contextmanager
def database(folder: Path) -> Iterator[NodeDatabase]:
    """An empty database."""
    found = NodeDatabase(folder / "node")
    try:
        yield found
    finally:
        found.close()


def node_of(*peers: Peer) -> Node:
    """A node whose peers are the caller of the tests and these."""
    known = (Peer(CALLER, "127.0.0.1", 0), *peers)
    return Node("test", AE_TITLE, "127.0.0.1", 0, {peer.ae_title: peer for peer in known})
