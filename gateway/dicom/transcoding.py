"""From one uncompressed transfer syntax into another (PS3.5 A.1 to A.3)."""

from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.uid import UID

from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import UNCOMPRESSED
from gateway.domain.errors import InputError

WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
"""Values that are streams of words: swapped where the byte order changes (PS3.5 7.3)."""


def transcoded(file: Path | BinaryIO, transfer_syntax_uid: str) -> Dataset:
    """The object of a DICOM file, to be encoded in another uncompressed transfer syntax.

    Values keep their meaning; lengths, and elements that the standard retired with their syntax
    (group lengths), may not. Raises InputError for a file that cannot be read or is compressed.
    """
    try:
        with quietly():
            return _transcoded(file, UID(transfer_syntax_uid))
    except READING_ERRORS as error:
        raise InputError("the object cannot be written in another transfer syntax") from error


def write_transcoded(source: Path, transfer_syntax_uid: str, target: Path) -> None:
    """Write the object of a file anew, into a file. Raises InputError as :func:`transcoded`."""
    made = transcoded(source, transfer_syntax_uid)
    try:
        with quietly():
            made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
            made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
            dcmwrite(target, made, enforce_file_format=True)
    except READING_ERRORS as error:
        raise InputError("the object cannot be written in another transfer syntax") from error


def _transcoded(file: Path | BinaryIO, target: UID) -> Dataset:
    found = dcmread(file)
    source = UID(str(found.file_meta.TransferSyntaxUID))
    if source not in UNCOMPRESSED or target not in UNCOMPRESSED:
        raise InputError(f"{source.name} is not turned into {target.name}")
    decoded = correct_ambiguous_vr(found, source.is_little_endian)
    for element in decoded.iterall():
        if element.VR == "OB or OW":  # retired groups that pydicom leaves open: words (PS3.5 A.1)
            element.VR = "OW"
        width = WORD_BYTES.get(element.VR, 1)
        if source.is_little_endian != target.is_little_endian and width > 1 and element.value:
            element.value = _swapped(element.value, width)
    return _plain(decoded, target)


def _swapped(value: bytes, width: int) -> bytes:
    if len(value) % width:
        raise ValueError(f"{len(value)} bytes are no words of {width} bytes")
    swapped = bytearray(len(value))
    for byte in range(width):
        swapped[byte::width] = value[width - 1 - byte :: width]
    return bytes(swapped)


def _plain(decoded: Dataset, target: UID) -> Dataset:
    """The same elements without the memory of how they were encoded."""
    plain = Dataset()
    plain.update({element.tag: element for element in decoded})
    plain.file_meta = FileMetaDataset()
    plain.file_meta.TransferSyntaxUID = target
    return plain
