"""What a DICOM file is, without reading its bulk."""

from pathlib import Path

from gateway.dicom.encoded import Malformed, read_object
from gateway.dicom.item import Item, Notes
from gateway.dicom.mapped import mapped
from gateway.dicom.plan_file import READING_ERRORS
from gateway.domain.errors import InputError


def sop_class_of(path: Path) -> str:
    """Its SOP Class UID, empty where it has none. Raises InputError for what cannot be read."""
    try:
        with mapped(path) as content:
            return Item(read_object(content).dataset, "", Notes()).text("SOPClassUID")
    except (Malformed, *READING_ERRORS) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path}: is not a DICOM object that can be read: {reason}") from problem
