"""Objects to store, and the node's stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.adapters.dicomnet.same_object import is_same
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.objects import Arrival, Objects
from gateway.dicom.object_file import file_head
from gateway.dicom.object_header import read_header
from gateway.dicom.sop_classes import RT_PLAN


@dataclass(frozen=True)
class Stores:
    """A node's database, files and objects."""

    root: Path
    database: NodeDatabase
    files: ObjectFiles
    objects: Objects


@contextmanager
def stores(root: Path, free_bytes: int = 0) -> Iterator[Stores]:
    """Open them under ``root``."""
    database = NodeDatabase(root)
    files = ObjectFiles(root, free_bytes)
    try:
        yield Stores(root, database, files, Objects(database, files, is_same))
    finally:
        database.close()


def small_plan(uid: str = "1.2.3", **attributes: object) -> Dataset:
    """A data set that can be filed as an RT Plan."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = RT_PLAN
    dataset.SOPInstanceUID = uid
    dataset.StudyInstanceUID = "1.2"
    dataset.SeriesInstanceUID = "1.2.1"
    dataset.PatientName = "Phantom^EPID"
    dataset.PatientID = "P1"
    dataset.Modality = "RTPLAN"
    dataset.RTPlanLabel = "A"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def encoded(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The data set as it goes over the network."""
    buffer = BytesIO()
    uid = UID(syntax)
    dcmwrite(buffer, dataset, implicit_vr=uid.is_implicit_VR, little_endian=uid.is_little_endian)
    return buffer.getvalue()


def arrival(dataset: Dataset, syntax: str = ExplicitVRLittleEndian, now_ns: int = 1) -> Arrival:
    """As a peer would send it."""
    content = encoded(dataset, syntax)
    header = read_header(BytesIO(content), syntax)
    head = file_head(header.sop_class_uid, header.sop_instance_uid, syntax, "PEER")
    return Arrival(header, head, content, "PEER", now_ns)
