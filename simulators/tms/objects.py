"""Composite objects that are held, as the bytes that came; and queries over them."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.filewriter import dcmwrite

from simulators.tms import statuses
from simulators.tms.data import has, text
from simulators.tms.matching import answered, matches

_LEVELS = {
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("StudyInstanceUID", "SeriesInstanceUID"),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
}
"""Unique keys of the Study Root model, from the top to each level (PS3.4 C.6.2)."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An instance: its UIDs, and its file's bytes (PS3.10)."""

    sop_class_uid: str
    sop_instance_uid: str
    content: bytes

    def dataset(self) -> Dataset:
        """The whole instance, with its file meta information."""
        return dcmread(BytesIO(self.content))


def stored_object(dataset: Dataset) -> StoredObject:
    """The instance of a data set that has file meta information."""
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return StoredObject(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), file.getvalue())


class ObjectStore:
    """Instances by SOP Instance UID, in memory, and in a folder too if one is given.

    Any thread may use it. Files are named by the SHA-256 of the UID.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._objects: dict[str, StoredObject] = {}
        self._headers: dict[str, Dataset] = {}
        self._folder = folder
        self._lock = threading.RLock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.dcm")):
                self._put(path.read_bytes())

    def add(self, content: bytes) -> int:
        """A file's bytes; the status of their storage. The same again is success (PS3.4 B.2.3)."""
        stored = _parsed(content)[0]
        with self._lock:
            held = self._objects.get(stored.sop_instance_uid)
            if held is not None:
                same = held.content == content
                return statuses.SUCCESS if same else statuses.DUPLICATE_INSTANCE
            self._put(content)
        if self._folder is not None:
            name = hashlib.sha256(stored.sop_instance_uid.encode()).hexdigest()
            (self._folder / f"{name}.dcm").write_bytes(content)
        return statuses.SUCCESS

    def get(self, uid: str) -> StoredObject | None:
        """An instance, if it is held."""
        with self._lock:
            return self._objects.get(uid)

    def all(self) -> tuple[StoredObject, ...]:
        """Every instance, in the order they came."""
        with self._lock:
            return tuple(self._objects.values())

    def of_class(self, sop_class_uid: str) -> tuple[StoredObject, ...]:
        """The instances of a SOP class."""
        return tuple(each for each in self.all() if each.sop_class_uid == sop_class_uid)

    def find(self, keys: Dataset) -> Iterator[Dataset]:
        """The answers to a query at its level, each entity once."""
        level = text(keys, "QueryRetrieveLevel")
        told: set[str] = set()
        for header in self._matching(keys):
            identity = text(header, _LEVELS[level][-1])
            if identity not in told:
                told.add(identity)
                answer = answered(keys, header)
                answer.QueryRetrieveLevel = level
                yield answer

    def select(self, keys: Dataset) -> list[StoredObject]:
        """The instances that a retrieval is about."""
        level = text(keys, "QueryRetrieveLevel")
        unique = Dataset()
        for keyword in _LEVELS[level]:
            if has(keys, keyword):
                unique[keyword] = keys[keyword]
        chosen = [str(header.SOPInstanceUID) for header in self._matching(unique)]
        with self._lock:
            return [self._objects[uid] for uid in chosen]

    def _matching(self, keys: Dataset) -> list[Dataset]:
        with self._lock:
            headers = list(self._headers.values())
        return [header for header in headers if matches(keys, header)]

    def _put(self, content: bytes) -> None:
        stored, header = _parsed(content)
        with self._lock:
            self._objects[stored.sop_instance_uid] = stored
            self._headers[stored.sop_instance_uid] = header


def identifier_problem(keys: Dataset, *, retrieval: bool) -> str:
    """Why the identifier of a query or retrieval is refused, "" where it is not (C.4.1.2, C.4.2.2).

    Keys above the level have to be there with one value; those of the level too for a retrieval.
    """
    level = text(keys, "QueryRetrieveLevel")
    if level not in _LEVELS:
        return "Query/Retrieve Level is none of " + ", ".join(_LEVELS)
    *above, at = _LEVELS[level]
    for keyword in above:
        if not has(keys, keyword) or keys[keyword].VM != 1 or set("*?") & set(text(keys, keyword)):
            return f"{level} level needs one {keyword}"
    if retrieval and not has(keys, at):
        return f"{level} level needs {at}"
    return ""


def _parsed(content: bytes) -> tuple[StoredObject, Dataset]:
    header = dcmread(BytesIO(content), stop_before_pixels=True)
    return StoredObject(str(header.SOPClassUID), str(header.SOPInstanceUID), content), header
