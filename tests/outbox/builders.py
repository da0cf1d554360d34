"""Small DICOM files to send, and a clock that tests move."""

import hashlib
import struct
from pathlib import Path

from gateway.adapters.nodestore.outbox_items import OutgoingObject
from gateway.app.node.outbox import outgoing_object
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE
from gateway.domain.node import Node, Peer
from gateway.domain.units import NS_PER_S

ARCHIVE = "ARCHIVE"
START_NS = 1_700_000_000 * NS_PER_S


class Clock:
    """Time stands still until it is moved."""

    def __init__(self) -> None:
        self.ns = START_NS

    def now_ns(self) -> int:
        return self.ns


def node(*peers: Peer, storage_commitment_s: float = 600.0) -> Node:
    """A node with these peers; without any, with one archive that is never called."""
    known = peers or (Peer(ARCHIVE, "127.0.0.1", 104),)
    return Node(
        "test",
        "GATEWAY",
        "127.0.0.1",
        0,
        {peer.ae_title: peer for peer in known},
        destinations=tuple(peer.ae_title for peer in known),
        storage_commitment_s=storage_commitment_s,
    )


def uid(number: int) -> str:
    return f"2.25.{10**30 + number}"


def dicom_file(
    sop_instance_uid: str,
    sop_class_uid: str = RT_IMAGE,
    transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN,
    pixels: bytes = b"\1\2" * 32,
) -> bytes:
    """A file whose data set is a few elements, written by hand (PS3.10 7.1, PS3.5 7.1.2)."""
    meta = b"".join(
        (
            _short(0x0002, 0x0002, b"UI", _padded(sop_class_uid)),
            _short(0x0002, 0x0003, b"UI", _padded(sop_instance_uid)),
            _short(0x0002, 0x0010, b"UI", _padded(transfer_syntax_uid)),
        )
    )
    length = _short(0x0002, 0x0000, b"UL", struct.pack("<L", len(meta)))
    data_set = b"".join(
        (
            _short(0x0008, 0x0016, b"UI", _padded(sop_class_uid)),
            _short(0x0008, 0x0018, b"UI", _padded(sop_instance_uid)),
            _short(0x0010, 0x0010, b"PN", b"Phantom^EPID"),
            _short(0x0020, 0x000D, b"UI", _padded("1.2.3")),
            _short(0x0020, 0x000E, b"UI", _padded("1.2.3.4")),
            _short(0x0028, 0x0010, b"US", struct.pack("<H", 8)),
            struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, len(pixels)) + pixels,
        )
    )
    return bytes(128) + b"DICM" + length + meta + data_set


def objects(folder: Path, count: int, first: int = 0) -> list[OutgoingObject]:
    """So many objects with files of their own."""
    folder.mkdir(exist_ok=True)
    made = []
    for number in range(first, first + count):
        content = dicom_file(uid(number), pixels=struct.pack("<L", number) * 16)
        path = folder / f"{hashlib.sha256(content).hexdigest()}.dcm"
        path.write_bytes(content)
        made.append(outgoing_object(path, content))
    return made


def _short(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def _padded(text: str) -> bytes:
    return text.encode() + b"\0" * (len(text) % 2)
