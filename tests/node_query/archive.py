"""Objects of a node with their files, and somebody who receives them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pynetdicom import AE, evt

from gateway.adapters.dicomnet.statuses import OUT_OF_RESOURCES
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE, UNCOMPRESSED
from tests.node_query.objects import TIMEOUT_S, Object, insert, serving


@dataclass
class Files:
    """Objects' files by their hash."""

    folder: Path

    def path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.dcm"


@dataclass
class Receiver:
    """What a storage SCP was sent: the bytes by SOP Instance UID."""

    port: int = 0
    received: dict[str, bytes] = field(default_factory=dict)
    syntaxes: list[str] = field(default_factory=list)
    originators: list[tuple[str, int]] = field(default_factory=list)
    status: int = 0x0000
    refused: set[str] = field(default_factory=set)

    def store(self, event: evt.Event) -> int:
        request = event.request
        if str(request.AffectedSOPInstanceUID) in self.refused:
            return OUT_OF_RESOURCES
        self.received[str(request.AffectedSOPInstanceUID)] = request.DataSet.getvalue()
        self.syntaxes.append(str(event.context.transfer_syntax))
        self.originators.append(
            (request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID)
        )
        return self.status


@dataclass
class Archive:
    """The gateway's objects."""

    database: NodeDatabase
    files: Files

    def add(self, uid: str, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN, **others: Any) -> bytes:
        """Store an object with pixels; its dataset's bytes."""
        row = Object(uid, syntax=syntax, sha256=uid.replace(".", ""))
        dataset = row.dataset(**others)
        dataset.BitsAllocated = 16
        pixels = bytes(range(64))
        dataset.PixelData = pixels if syntax in UNCOMPRESSED else encapsulate([pixels])
        dataset["PixelData"].VR = "OW" if syntax in UNCOMPRESSED else "OB"
        dataset["PixelData"].is_undefined_length = syntax not in UNCOMPRESSED
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = row.sop_class
        dataset.file_meta.MediaStorageSOPInstanceUID = uid
        path = self.files.path(row.sha256)
        dataset.save_as(path, enforce_file_format=True)
        insert(self.database, row)
        return _dataset_bytes(path)


def _dataset_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


@contextmanager
def receiving(
    *, syntaxes: Sequence[str] = UNCOMPRESSED, status: int = 0x0000
) -> Iterator[Receiver]:
    """A storage SCP on a port of its own."""
    receiver = Receiver(status=status)
    entity = AE(ae_title="ARCHIVE")
    entity.add_supported_context(RT_IMAGE, list(syntaxes))
    entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    with serving(entity, [(evt.EVT_C_STORE, receiver.store)]) as receiver.port:
        yield receiver
