"""Validation of one object: its IOD's tables, every value, and what it means."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydicom.uid import UID

from gateway.dicom.encoded import META_AT, PREFIX, EncodedObject, Malformed, read_object
from gateway.dicom.encoded_items import Content, Item
from gateway.dicom.iod.engine import engine_findings
from gateway.dicom.iod.meaning.characters import character_findings
from gateway.dicom.iod.meaning.control_points import point_findings
from gateway.dicom.iod.meaning.counts import count_findings
from gateway.dicom.iod.meaning.instruction import instruction_findings
from gateway.dicom.iod.meaning.levels import levels
from gateway.dicom.iod.meaning.meta import meta_findings
from gateway.dicom.iod.meaning.pixels import pixel_findings
from gateway.dicom.iod.meaning.plan import plan_findings
from gateway.dicom.iod.meaning.record import record_findings, summary_findings
from gateway.dicom.iod.meaning.references import reference_findings
from gateway.dicom.iod.meaning.structures import structure_findings
from gateway.dicom.iod.reading import text
from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.iod.values import value_findings
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import (
    RT_BEAMS_DELIVERY_INSTRUCTION,
    RT_BEAMS_TREATMENT_RECORD,
    RT_BRACHY_APPLICATION_SETUP,
    RT_BRACHY_TREATMENT_RECORD,
    RT_ION_BEAMS_TREATMENT_RECORD,
    RT_ION_PLAN,
    RT_PLAN,
    RT_STRUCTURE_SET,
    RT_TREATMENT_SUMMARY_RECORD,
    STORAGE,
)
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, Severity, error, warning


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in an object; ``sop_class_uid`` is empty where it names none."""

    sop_class_uid: str
    sop_instance_uid: str
    findings: tuple[Finding, ...]


def validate(content: Content) -> Validation:
    """Validate a DICOM file. Whatever the bytes are, the answer is findings."""
    try:
        with quietly():
            return _validate(content)
    except (InputError, Malformed, *READING_ERRORS) as problem:
        return Validation("", "", (error("unreadable", "", f"no DICOM object: {problem}"),))


def _validate(content: Content) -> Validation:
    if not content:
        return Validation("", "", (error("unreadable", "", "no DICOM object: the file is empty"),))
    try:
        read = read_object(content)
    except Malformed as problem:
        if content[META_AT - len(PREFIX) : META_AT] != PREFIX:
            raise
        damage = error("damaged", "", f"the file is damaged: {problem}")
        return Validation("", "", (replace(damage, clause="PS3.5 7.1"),))
    sop_class = text(read.dataset, "SOPClassUID")
    findings = dict.fromkeys(_findings(read, sop_class))
    instance = text(read.dataset, "SOPInstanceUID")
    return Validation(sop_class, instance, tuple(_gathered(findings)))


def _gathered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Errors one by one; of the rest one for all items of the same sequences."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        one_by_one = finding.severity is Severity.ERROR
        place = finding.path if one_by_one else _ANY_ITEM.sub("", finding.path)
        alike.setdefault((finding.rule, place, finding.message), []).append(finding)
    for first, *others in alike.values():
        more = f"; so it is in {len(others)} more items" if others else ""
        yield replace(first, message=first.message + more)


def _findings(read: EncodedObject, sop_class: str) -> Iterator[Finding]:
    dataset = read.dataset
    if not sop_class:
        yield error("type-1-missing", "SOPClassUID", "is missing: nothing says what this is")
        return
    yield from meta_findings(read)
    yield from value_findings(dataset)
    if sop_class in iod_tables().info.iods:
        yield from engine_findings(dataset)
    else:
        message = (
            f"{UID(sop_class).name}: there are no tables for it; only its values were looked at"
        )
        yield warning("unknown-sop-class", "SOPClassUID", message)
    found = tuple(levels(dataset))
    yield from character_findings(found)
    yield from count_findings(found)
    yield from reference_findings(found, sop_class)
    yield from point_findings(found)
    for classes, look in _MEANINGS:
        if sop_class in classes:
            yield from look(dataset)
    if sop_class in _WITH_PIXELS:
        yield from pixel_findings(dataset, sop_class, read.transfer_syntax_uid)


_MEANINGS: Sequence[tuple[frozenset[str], Callable[[Item], Iterator[Finding]]]] = (
    (frozenset({RT_PLAN, RT_ION_PLAN}), plan_findings),
    (
        frozenset(
            {RT_BEAMS_TREATMENT_RECORD, RT_ION_BEAMS_TREATMENT_RECORD, RT_BRACHY_TREATMENT_RECORD}
        ),
        record_findings,
    ),
    (frozenset({RT_TREATMENT_SUMMARY_RECORD}), summary_findings),
    (
        frozenset({RT_BEAMS_DELIVERY_INSTRUCTION, RT_BRACHY_APPLICATION_SETUP}),
        instruction_findings,
    ),
    (frozenset({RT_STRUCTURE_SET}), structure_findings),
)
_ANY_ITEM = re.compile(r"\[\d+\]")
_WITH_PIXELS = frozenset(row.uid for row in STORAGE if row.pixels)
