"""Whether an object that comes again is the one that the node holds."""

from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmread

from gateway.adapters.nodestore.objects import Arrival
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import UNCOMPRESSED


def is_same(path: Path, arrival: Arrival) -> bool:
    """Byte for byte; or attribute by attribute, where it comes in another uncompressed syntax."""
    dataset = bytes(arrival.dataset)
    try:
        held = path.read_bytes()
    except OSError:
        return False
    if held.endswith(dataset):
        return True
    if arrival.header.transfer_syntax_uid not in UNCOMPRESSED:
        return False
    try:
        with quietly():
            return _attributes(held) == _attributes(arrival.head + dataset)
    except READING_ERRORS:
        return False


def _attributes(content: bytes) -> Dataset:
    """Everything but group lengths, which belong to one encoding (PS3.5 7.2)."""
    read = dcmread(BytesIO(content))
    plain = Dataset()
    plain.update({element.tag: element for element in read if element.tag.element})
    return plain
