"""RT Plan files: from bytes to a treatment plan, or to the findings that refuse it."""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RTIonPlanStorage,
    RTPlanStorage,
)

from gateway.dicom.duplicates import Encoding, Malformed, find_duplicates
from gateway.dicom.item import Item, Notes
from gateway.dicom.plan_reader import read_treatment_plan
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, error, has_errors
from gateway.domain.plan import TreatmentPlan

MAXIMUM_BYTES = 256 * 2**20
MAXIMUM_INFLATED_BYTES = 256 * 2**20
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
    _dataset: Dataset = field(repr=False)
    _damage: tuple[Finding, ...] = field(repr=False, default=())

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
        findings = tuple(notes.findings)
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
    syntax = transfer_syntax_of(content, name)
    dataset = dcmread(io.BytesIO(content), force=True)
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
        _damage=damage_of(content, syntax),
    )


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


def transfer_syntax_of(content: bytes, name: str) -> UID:
    """The transfer syntax; a deflated object is inflated once within bounds, so it is known."""
    head = content[: _dataset_start(content)]
    if DeflatedExplicitVRLittleEndian.encode() in head:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        inflater.decompress(content[len(head) :], MAXIMUM_INFLATED_BYTES)
        if inflater.unconsumed_tail:
            limit = MAXIMUM_INFLATED_BYTES // 2**20
            raise InputError(f"{name}: inflates to more than {limit} MiB")
        return DeflatedExplicitVRLittleEndian
    if not head:
        return ImplicitVRLittleEndian
    meta = dcmread(io.BytesIO(head)).file_meta
    return UID(str(meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)))


def _dataset_start(content: bytes) -> int:
    """Where the dataset begins after preamble and file meta information (PS3.10 7.1)."""
    if content[128:132] != b"DICM":
        return 0
    tag, vr, _, length = struct.unpack_from("<L2sHL", content, 132)
    if tag != 0x00000002 or vr != b"UL":
        raise InvalidDicomError("the file meta information does not begin with its group length")
    return 132 + 12 + int(length)


def damage_of(content: bytes, syntax: UID) -> tuple[Finding, ...]:
    """Findings about the bytes: attributes that stand twice, lengths that do not add up."""
    body = content[_dataset_start(content) :]
    if syntax == DeflatedExplicitVRLittleEndian:
        body = zlib.decompress(body, -zlib.MAX_WBITS)
    encoding = Encoding(syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian)
    try:
        return tuple(find_duplicates(body, encoding))
    except Malformed as problem:
        return (error("damaged", "", f"the file is damaged: {problem}"),)
