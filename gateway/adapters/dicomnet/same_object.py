"""Whether an object that comes again is the one that the node holds."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmwrite

from gateway.adapters.dicomnet.transcoding import transcoded
from gateway.adapters.nodestore.contents import chunks_of
from gateway.adapters.nodestore.objects import Arrival
from gateway.dicom.part10 import HEAD_BYTES, FileMeta, file_meta
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN, UNCOMPRESSED
from gateway.domain.errors import InputError

LONGEST_DECODED_BYTES = 64 * 2**20
"""Larger objects are the same byte for byte, or not."""


def is_same(path: Path, arrival: Arrival) -> bool:
    """Byte for byte; or value for value, where both are uncompressed and not too large."""
    try:
        with path.open("rb") as held:
            meta = file_meta(held.read(HEAD_BYTES))
            return _same_bytes(held, meta, arrival) or _same_values(held, meta, arrival)
    except (OSError, InputError):
        return False


def _same_bytes(held: BinaryIO, meta: FileMeta, arrival: Arrival) -> bool:
    held.seek(meta.offset)
    if meta.transfer_syntax_uid != arrival.header.transfer_syntax_uid:
        return False
    same = all(held.read(len(chunk)) == chunk for chunk in chunks_of(arrival.dataset))
    return same and not held.read(1)


def _same_values(held: BinaryIO, meta: FileMeta, arrival: Arrival) -> bool:
    syntaxes = {meta.transfer_syntax_uid, arrival.header.transfer_syntax_uid}
    size = max(held.seek(0, 2), len(arrival.dataset))
    if not syntaxes.issubset(UNCOMPRESSED) or size > LONGEST_DECODED_BYTES:
        return False
    held.seek(0)
    came = BytesIO(b"".join((arrival.head, *chunks_of(arrival.dataset))))
    return _normal(held) == _normal(came)


def _normal(file: BinaryIO) -> bytes:
    """The object's values in the one encoding that knows no value representations.

    Raises InputError.
    """
    plain = transcoded(file, IMPLICIT_VR_LITTLE_ENDIAN)
    written = BytesIO()
    try:
        with quietly():
            _forget_lengths(plain)
            dcmwrite(written, plain, implicit_vr=True, little_endian=True)
    except READING_ERRORS as error:
        raise InputError("the object cannot be encoded anew") from error
    return written.getvalue()


def _forget_lengths(dataset: Dataset) -> None:
    """Take away what belongs to one encoding: group lengths, undefined lengths (PS3.5 7.2, 7.5)."""
    for tag in [tag for tag in dataset.keys() if tag.element == 0]:  # noqa: SIM118 - no mapping
        del dataset[tag]
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = False
            for item in element.value:
                item.is_undefined_length_sequence_item = False
                _forget_lengths(item)
