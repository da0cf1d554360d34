"""RT Plan files: from bytes to a treatment plan, or to the findings that refuse it."""

import hashlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, RTIonPlanStorage, RTPlanStorage

from gateway.dicom import encoded_items
from gateway.dicom.encoded import Malformed, read_object, salvage_object
from gateway.dicom.item import Item, Notes
from gateway.dicom.plan_reader import read_treatment_plan
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, error, has_errors
from gateway.domain.plan import TreatmentPlan

MAXIMUM_BYTES = 256 * 2**20
READING_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    NotImplementedError,
    RecursionError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""Everything that pydicom is known to raise for bytes that are not what they say they are."""


@dataclass(frozen=True, slots=True)
class PlanFile:
    """An RT Plan as it was read. ``findings`` are about the object as a whole."""

    path: str
    content: bytes
    sha256: str
    sop_class_uid: str
    sop_instance_uid: str
    label: str
    fraction_group_numbers: tuple[int, ...]
    findings: tuple[Finding, ...]
    _dataset: encoded_items.Item = field(repr=False)
    _damage: tuple[Finding, ...] = field(repr=False)

    def resolve(self, fraction_group: int) -> tuple[TreatmentPlan | None, tuple[Finding, ...]]:
        """The treatment plan of one fraction group; None where a finding refuses it."""
        notes = Notes(list(self._damage))
        root = Item(self._dataset, "", notes)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                plan = read_treatment_plan(root, fraction_group, self.sha256)
        except READING_ERRORS as problem:
            notes.error("unreadable", "", f"an attribute cannot be decoded: {problem}")
            plan = None
        findings = tuple(dict.fromkeys(notes.findings))
        return (None if has_errors(findings) else plan), findings


def read_plan(path: Path) -> PlanFile:
    """Read a file. Raises InputError when it is not a DICOM object that can be read."""
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, not a file")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is not a regular file")
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path}: is empty")
        if size > MAXIMUM_BYTES:
            text = f"{size / 2**20:.0f} MiB is more than any RT Plan has"
            raise InputError(f"{path}: {text} ({MAXIMUM_BYTES // 2**20} MiB are read at most)")
        content = path.read_bytes()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path}: cannot be read: {reason}") from problem
    return read_plan_bytes(content, str(path))


def read_plan_bytes(content: bytes, name: str) -> PlanFile:
    """Read an object; ``name`` is for messages. Raises InputError as :func:`read_plan` does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _plan_file(content, name)
    except READING_ERRORS as problem:
        raise InputError(f"{name}: is not a DICOM object that can be read: {problem}") from problem


def _plan_file(content: bytes, name: str) -> PlanFile:
    dataset, damage = _dataset(content)
    root = Item(dataset, "", Notes())
    sop_class = root.text("SOPClassUID")
    if not sop_class:
        raise InputError(f"{name}: is not a DICOM object (no SOP Class UID)")
    findings = _wrong_object(root, sop_class)
    groups = [item.integer("FractionGroupNumber") for item in root.items("FractionGroupSequence")]
    numbers = tuple(number for number in groups if number is not None)
    if not findings and not numbers:
        text = "the plan has no fraction group: nothing says what to deliver"
        findings.append(error("no-fraction-group", "FractionGroupSequence", text))
    if len(set(numbers)) != len(numbers):
        text = "fraction group numbers repeat"
        findings.append(error("duplicate-number", "FractionGroupSequence", text))
    return PlanFile(
        path=name,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        sop_class_uid=sop_class,
        sop_instance_uid=root.text("SOPInstanceUID"),
        label=root.text("RTPlanLabel"),
        fraction_group_numbers=numbers,
        findings=tuple(findings),
        _dataset=dataset,
        _damage=(*damage, *_repeated(dataset, "")),
    )


def _dataset(content: bytes) -> tuple[encoded_items.Item, tuple[Finding, ...]]:
    """The data set; of a damaged file what can be read of it, with the finding that refuses it."""
    try:
        return read_object(content).dataset, ()
    except Malformed as problem:
        text = f"the file is damaged: {problem}"
        return salvage_object(content)[0].dataset, (error("damaged", "", text),)


def _wrong_object(root: Item, sop_class: str) -> list[Finding]:
    if sop_class == RTIonPlanStorage or root.has("IonBeamSequence"):
        text = "ion plans are read by a later version; they cannot be delivered yet"
        return [error("ion-plan", "IonBeamSequence", text)]
    if sop_class != RTPlanStorage:
        text = f"this is {UID(sop_class).name}, not an RT Plan"
        return [error("wrong-sop-class", "SOPClassUID", text)]
    if "BeamSequence" not in root.dataset and "ApplicationSetupSequence" in root.dataset:
        text = "brachytherapy plans cannot be delivered yet"
        return [error("brachy-plan", "ApplicationSetupSequence", text)]
    if "BeamSequence" not in root.dataset:
        return [error("no-beams", "BeamSequence", "the plan has no beams")]
    return []


def _repeated(item: encoded_items.Item, path: str) -> Iterator[Finding]:
    """Attributes that stand twice, at any depth: nothing says which one holds."""
    for tag in item.repeated:
        text = "this attribute stands more than once; nothing says which one holds"
        yield error("duplicate-tag", f"{path}{encoded_items.name_of(tag)}", text)
    for element in item:
        for index, inner in enumerate(element.items or ()):
            yield from _repeated(inner, f"{path}{encoded_items.name_of(element.tag)}[{index}].")
