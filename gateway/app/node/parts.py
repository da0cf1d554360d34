"""What every process of the node is made of: configuration, database, files, services."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.dicomnet.commitment_service import commitment_service
from gateway.adapters.dicomnet.event_service import event_service
from gateway.adapters.dicomnet.listener import require_syntaxes
from gateway.adapters.dicomnet.query_service import query_service
from gateway.adapters.dicomnet.retrieve_service import Transcode, in_this_process, retrieve_service
from gateway.adapters.dicomnet.same_object import is_same
from gateway.adapters.dicomnet.service import Service
from gateway.adapters.dicomnet.storage_service import (
    Judge,
    storage_service,
    verification_service,
)
from gateway.adapters.nodestore.commitments import Commitments
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.objects import Objects
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.room_queue import RoomQueue
from gateway.adapters.nodestore.steps import Steps
from gateway.app.node.outbox import NODE_FOLDER
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.domain.node import Node, Peer
from gateway.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The node's configuration and its stores, opened."""

    node: Node
    settings: Settings
    root: Path
    database: NodeDatabase
    files: ObjectFiles
    objects: Objects
    outbox: Outbox
    commitments: Commitments

    def services(self, judge: Judge, transcode: Transcode = in_this_process) -> Sequence[Service]:
        """Everything that the listener serves."""
        return (
            verification_service(),
            storage_service(self.node, self.objects, self.files, judge, self._deliver),
            query_service(self.node, self.database),
            retrieve_service(self.node, self.database, self.files, transcode),
            commitment_service(self.node, self.commitments),
            commitment_reply_service(self.outbox),
            event_service(self.node, Steps(self.database)),
        )

    def _deliver(self, sop_instance_uid: str, peer: Peer, now_ns: int) -> None:
        RoomQueue(self.database).want(sop_instance_uid, peer.ae_title, peer.room, now_ns)


def open_parts(settings: Settings, node: Node) -> NodeParts:
    """Open the node beside the record store of ``settings``. Raises ConfigError, StoreError."""
    require_syntaxes(node)
    root = settings.store / NODE_FOLDER
    database = NodeDatabase(root)
    files = ObjectFiles(root, node.limits.free_disk_bytes)
    return NodeParts(
        node=node,
        settings=settings,
        root=root,
        database=database,
        files=files,
        objects=Objects(database, files, is_same),
        outbox=Outbox(database),
        commitments=Commitments(database),
    )


def parts_named(store: str, config: str, name: str) -> NodeParts:
    """As a child process is told by its arguments. Raises ConfigError, StoreError."""
    settings = load_settings(Path(config) if config else None, Path(store))
    return open_parts(
        settings, load_node(name, config_roots(settings.site), pseudonymise=settings.pseudonymise)
    )
