"""Data sets that came over the network, as strict as those of files."""

from io import BytesIO

from pydicom import Dataset, dcmwrite

from gateway.dicom.encoded import read_dataset
from gateway.dicom.item import Item, Notes
from gateway.dicom.sop_classes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)


def received_item(dataset: Dataset, notes: Notes) -> Item:
    """The data set in the encoding that it came in. Raises what is in READING_ERRORS."""
    implicit, little = dataset.original_encoding
    encoded = BytesIO()
    dcmwrite(encoded, dataset, implicit_vr=bool(implicit), little_endian=little is not False)
    syntax = EXPLICIT_VR_LITTLE_ENDIAN if little is not False else EXPLICIT_VR_BIG_ENDIAN
    if implicit:
        syntax = IMPLICIT_VR_LITTLE_ENDIAN
    return Item(read_dataset(encoded.getvalue(), syntax), "", notes)
