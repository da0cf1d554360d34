"""What identifies an object and what queries ask of it, read without the bulk of it."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.query_attributes import query_attributes
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from gateway.domain.errors import InputError

INFLATED_BYTES = 2**20
_IDENTIFIER = re.compile(r"(?=.{1,64}\Z)[0-9A-Za-z]++(?:\.[0-9A-Za-z]++)*+\.?")
_FILED_UNDER = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_TAGS = {
    "SOPClassUID": "00080016",
    "SOPInstanceUID": "00080018",
    "StudyInstanceUID": "0020000D",
    "SeriesInstanceUID": "0020000E",
    "Modality": "00080060",
    "PatientName": "00100010",
    "PatientID": "00100020",
}


@dataclass(frozen=True, slots=True)
class ObjectHeader:
    """One SOP Instance as the node files it.

    ``attributes`` is the DICOM JSON model (PS3.18 F) of its public attributes at the top level, in
    front of the sequences that make it large.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    patient_id: str
    patient_name: str
    attributes: Mapping[str, Any]


def read_header(data_set: BinaryIO, transfer_syntax_uid: str) -> ObjectHeader:
    """Read the front of an encoded data set, from where the file stands.

    Of a deflated one no more than ``INFLATED_BYTES`` are inflated. Raises InputError where it
    cannot be read, or a UID that files it is missing or none.
    """
    if transfer_syntax_uid == DEFLATED:
        data_set = _front(data_set)
    implicit = transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
    little = transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN
    try:
        with quietly():
            attributes = query_attributes(data_set, implicit=implicit, little=little)
            return _header(attributes, transfer_syntax_uid)
    except READING_ERRORS as problem:
        raise InputError(f"the data set cannot be decoded: {problem}") from problem


def _front(data_set: BinaryIO) -> BinaryIO:
    try:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
            data_set.read(INFLATED_BYTES), INFLATED_BYTES
        )
    except zlib.error as problem:
        raise InputError(f"the data set cannot be inflated: {problem}") from problem
    return BytesIO(inflated)


def is_identifier(text: str) -> bool:
    """Whether an object can be filed under ``text``: a UID (PS3.5 9.1), or letters beside digits.

    Some anonymisers write a hash where a UID belongs; that it is none is for validation to say.
    """
    return _IDENTIFIER.fullmatch(text) is not None


def _header(attributes: Mapping[str, Any], transfer_syntax_uid: str) -> ObjectHeader:
    uids = {}
    for keyword in _FILED_UNDER:
        uids[keyword] = _text(attributes, keyword)
        if not is_identifier(uids[keyword]):
            what = f"{keyword} is no UID" if uids[keyword] else f"{keyword} is missing"
            raise InputError(f"{what}: the object cannot be filed")
    return ObjectHeader(
        sop_class_uid=uids["SOPClassUID"],
        sop_instance_uid=uids["SOPInstanceUID"],
        transfer_syntax_uid=transfer_syntax_uid,
        study_instance_uid=uids["StudyInstanceUID"],
        series_instance_uid=uids["SeriesInstanceUID"],
        modality=_text(attributes, "Modality"),
        patient_id=_text(attributes, "PatientID"),
        patient_name=_text(attributes, "PatientName"),
        attributes=attributes,
    )


def _text(attributes: Mapping[str, Any], keyword: str) -> str:
    """The values of an attribute as they are written; of names all groups (PS3.5 6.2)."""
    values = attributes.get(_TAGS[keyword], {}).get("Value", ())
    return "\\".join(
        "=".join(one.values()) if isinstance(one, dict) else str(one) for one in values
    )
