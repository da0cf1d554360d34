"""The DICOM file around a data set that came over the network (PS3.10 7.1)."""

import struct
from functools import lru_cache

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from gateway.dicom.common_modules import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

PREAMBLE = b"\0" * 128 + b"DICM"
_GROUP_LENGTH_AT = len(PREAMBLE) + 8
_LENGTH = struct.Struct("<L")


@lru_cache(maxsize=64)
def _meta(sop_class_uid: str, transfer_syntax_uid: str, source_ae: str) -> tuple[bytes, bytes]:
    """What stands before and after the SOP Instance UID's value, of the meta information."""
    instance = "1.2.3.4.5.6.7.8"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    meta.SourceApplicationEntityTitle = source_ae
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta)
    written = buffer.getvalue()
    marker = struct.pack("<HH2sH", 0x0002, 0x0003, b"UI", len(instance) + 1)
    before, after = written.split(marker + instance.encode() + b"\0", 1)
    return before, after


def file_head(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae: str
) -> bytes:
    """Preamble and File Meta Information of one instance: what comes before its data set."""
    before, after = _meta(sop_class_uid, transfer_syntax_uid, source_ae)
    value = sop_instance_uid.encode("ascii")
    value += b"\0" * (len(value) % 2)
    element = struct.pack("<HH2sH", 0x0002, 0x0003, b"UI", len(value)) + value
    group_length = len(before) - 12 + len(element) + len(after)
    head = PREAMBLE + before + element + after
    return head[:_GROUP_LENGTH_AT] + _LENGTH.pack(group_length) + head[_GROUP_LENGTH_AT + 4 :]
