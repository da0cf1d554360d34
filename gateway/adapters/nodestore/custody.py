"""Whether this node has an object in safe keeping: known, of its class, on disk, unaltered."""

import hashlib
from dataclasses import replace
from pathlib import Path

from gateway.adapters.nodestore.commitments import Reference
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.dicom.sop_classes import STORAGE_BY_UID

PROCESSING_FAILURE = 0x0110
NO_SUCH_OBJECT_INSTANCE = 0x0112
CLASS_INSTANCE_CONFLICT = 0x0119
SOP_CLASS_NOT_SUPPORTED = 0x0122
"""Failure reasons (PS3.3 C.14.1.1)."""


def inspected(database: NodeDatabase, files: ObjectFiles, reference: Reference) -> Reference:
    """``reference`` with the reason why it cannot be committed, if there is one.

    The file is read whole and its hash compared. Objects that were set apart cannot be retrieved,
    so they are not committed either. Raises StoreError.
    """
    if reference.failure_reason:
        return reference
    return replace(reference, failure_reason=_reason(database, files, reference))


def _reason(database: NodeDatabase, files: ObjectFiles, reference: Reference) -> int:
    if reference.sop_class_uid not in STORAGE_BY_UID:
        return SOP_CLASS_NOT_SUPPORTED
    with database.reading() as connection:
        row = connection.execute(
            "SELECT sop_class_uid, sha256, state FROM objects WHERE sop_instance_uid = ?",
            (reference.sop_instance_uid,),
        ).fetchone()
    if row is None:
        return NO_SUCH_OBJECT_INSTANCE
    if row["sop_class_uid"] != reference.sop_class_uid:
        return CLASS_INSTANCE_CONFLICT
    if row["state"] == "quarantined" or not _is_whole(files.path(row["sha256"]), row["sha256"]):
        return PROCESSING_FAILURE
    return 0


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
