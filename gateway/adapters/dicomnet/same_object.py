"""Whether an object that comes again is the one that the node holds."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from gateway.adapters.nodestore.contents import chunks_of
from gateway.adapters.nodestore.objects import Arrival
from gateway.dicom.part10 import HEAD_BYTES, FileMeta, file_meta
from gateway.dicom.same_values import same_values
from gateway.dicom.sop_classes import UNCOMPRESSED
from gateway.domain.errors import InputError

LONGEST_DECODED_BYTES = 64 * 2**20
"""Larger objects are the same byte for byte, or not."""

Compare = Callable[[Path, Arrival], bool]
"""Whether a file and an object that arrived, both uncompressed, have the same values."""


def in_this_process(path: Path, arrival: Arrival) -> bool:
    """Decodes here: for objects whose sender is trusted."""
    return same_values(path, BytesIO(b"".join((arrival.head, *chunks_of(arrival.dataset)))))


def is_same(path: Path, arrival: Arrival, compare: Compare = in_this_process) -> bool:
    """Byte for byte; or by ``compare``, where both are uncompressed and not too large."""
    try:
        with path.open("rb") as held:
            meta = file_meta(held.read(HEAD_BYTES))
            if _same_bytes(held, meta, arrival):
                return True
            size = max(held.seek(0, 2), len(arrival.dataset))
    except (OSError, InputError):
        return False
    syntaxes = {meta.transfer_syntax_uid, arrival.header.transfer_syntax_uid}
    if not syntaxes.issubset(UNCOMPRESSED) or size > LONGEST_DECODED_BYTES:
        return False
    return compare(path, arrival)


def _same_bytes(held: BinaryIO, meta: FileMeta, arrival: Arrival) -> bool:
    held.seek(meta.offset)
    if meta.transfer_syntax_uid != arrival.header.transfer_syntax_uid:
        return False
    same = all(held.read(len(chunk)) == chunk for chunk in chunks_of(arrival.dataset))
    return same and not held.read(1)
