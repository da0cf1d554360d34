"""Whether two files hold the same object, whatever uncompressed syntax each is in."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmwrite

from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN
from gateway.dicom.transcoding import transcoded
from gateway.domain.errors import InputError


def same_values(one: Path | BinaryIO, other: Path | BinaryIO) -> bool:
    """Whether they say the same; what cannot be read says nothing that is the same."""
    try:
        return _normal(one) == _normal(other)
    except InputError:
        return False


def _normal(file: Path | BinaryIO) -> bytes:
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
