"""dicom-validator as the engine: what breaks a type, a condition or an enumeration.

The engine names an attribute by its tag and those of the sequences around it. Here it is asked at
each attribute, so that a finding names the very item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from dicom_validator.validator.error_handler import ValidationResultHandler
from dicom_validator.validator.iod_validator import DatasetStackItem, IODValidator
from dicom_validator.validator.validation_result import (
    DicomTag,
    ErrorCode,
    TagError,
    TagType,
    ValidationResult,
)
from pydicom import Dataset
from pydicom.datadict import dictionary_is_retired, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from gateway.dicom.iod.reading import raw_value, vr_of
from gateway.dicom.iod.tables import IodTables, iod_tables
from gateway.dicom.iod.values import LONGEST
from gateway.dicom.numbers import is_empty
from gateway.domain.findings import Finding, Severity

RULES = {
    ErrorCode.TagMissing: "type-{type}-missing",
    ErrorCode.TagEmpty: "type-{type}-empty",
    ErrorCode.TagUnexpected: "unexpected-attribute",
    ErrorCode.TagNotAllowed: "condition-not-met",
    ErrorCode.EnumValueNotAllowed: "enumerated-value",
    ErrorCode.InvalidSequence: "no-sequence",
}
MESSAGES = {
    ErrorCode.TagMissing: "is missing (type {kind})",
    ErrorCode.TagEmpty: "has no value (type {kind})",
    ErrorCode.TagUnexpected: "belongs to no module of this IOD",
    ErrorCode.TagNotAllowed: "is present although its condition is not met (type {kind})",
    ErrorCode.EnumValueNotAllowed: "{value} is none of {allowed}",
    ErrorCode.InvalidSequence: "is no sequence",
}
WARNINGS = frozenset({ErrorCode.TagUnexpected, ErrorCode.TagNotAllowed})
"""A Standard Extended SOP Class may hold attributes of other modules (PS3.4 2.3.1)."""
VENDOR_TERMS = {"RTBeamLimitingDeviceType": frozenset({"MLCX1", "MLCX2"})}
"""Terms of vendors where the standard enumerates: dual-layer collimators have no standard one."""
SHOWN = 64
_NEEDED = frozenset({"1", "2"})


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    tag: DicomTag
    error: TagError
    module: str


class _Silent(ValidationResultHandler):
    def handle_validation_start(self, result: ValidationResult) -> None:
        """Nothing to say."""

    def handle_validation_result(self, result: ValidationResult) -> None:
        """Nothing to say."""


class _Level(DatasetStackItem):
    """An item on the way down, whose elements stay as they were read."""

    def __init__(self, dataset: Dataset, tag: BaseTag, stack: list[BaseTag] | None) -> None:
        self.dataset = dataset
        self.tag = tag
        self.stack = [*(stack or ()), tag]
        self.in_func_group = False
        around = [int(one) for one in self.stack]
        self.unexpected_tags = {
            DicomTag(key, around) for key in list(dataset.keys()) if not key.is_private
        }


class _Locating(IODValidator):
    """The engine for tables without functional groups and macros, noting where it stands."""

    def __init__(self, dataset: Dataset, tables: IodTables) -> None:
        super().__init__(dataset, tables.info, suppress_vr_warnings=True, error_handler=_Silent())
        self.found: list[_Found] = []
        self._module = ""

    def _validate_module(self, module: Any, *arguments: Any, **named: Any) -> Any:
        self._module = str(module["ref"])
        return super()._validate_module(module, *arguments, **named)

    def _validate_attributes(self, attributes: Any, report_unexpected_tags: bool) -> Any:
        """As the base; an attribute that may be absent, and is, costs nothing."""
        errors: dict[DicomTag, TagError] = {}
        level = self._dataset_stack[-1]
        for key, attribute in attributes.items():
            present = _number(key) in level.dataset
            if not present and attribute["type"] not in _NEEDED and "cond" not in attribute:
                continue
            tag_id = self._tag_id(key)
            error = self._validate_attribute(tag_id, attribute)
            if error is not None:
                errors[tag_id] = error
            level.unexpected_tags.discard(tag_id)
            if present and "items" in attribute:
                errors.update(self._item_errors(tag_id, attribute["items"]))
        if report_unexpected_tags:
            errors.update(self._unexpected_tag_errors())
        return errors

    def _item_errors(self, tag_id: DicomTag, attributes: Any) -> dict[DicomTag, TagError]:
        level = self._dataset_stack[-1]
        element = level.dataset[tag_id.tag]
        if element.VR != "SQ":
            error = TagError(code=ErrorCode.InvalidSequence)
            self._note(tag_id, error)
            return {tag_id: error}
        errors: dict[DicomTag, TagError] = {}
        for item in element.value or ():
            self._dataset_stack.append(_Level(item, tag_id.tag, level.stack))
            errors.update(self._validate_attributes(attributes, report_unexpected_tags=True))
            self._dataset_stack.pop()
        return errors

    def _validate_attribute(self, tag_id: DicomTag, attribute: Any) -> TagError | None:
        dataset = self._dataset_stack[-1].dataset
        raw: Any = dataset.get_item(tag_id.tag) if tag_id.tag in dataset else None
        if isinstance(raw, RawDataElement) and vr_of(raw) in LONGEST and "enums" not in attribute:
            error = self._numbers_error(raw, attribute)
        else:
            error = super()._validate_attribute(tag_id, attribute)
        if error is not None:
            self._note(tag_id, error)
        return error

    def _numbers_error(self, raw: RawDataElement, attribute: Any) -> TagError | None:
        """As the base for numbers, which are thousands and need not be decoded for it."""
        kind = attribute["type"]
        if kind in ("1", "1C") and is_empty(raw_value(raw)):
            return TagError(kind, ErrorCode.TagEmpty)
        if kind in _NEEDED or "cond" not in attribute:
            return None
        required, allowed = self._object_is_required_or_allowed(attribute["cond"])
        return None if required or allowed else TagError(kind, ErrorCode.TagNotAllowed)

    def _unexpected_tag_errors(self) -> dict[DicomTag, TagError]:
        errors: dict[DicomTag, TagError] = super()._unexpected_tag_errors()
        for tag_id, error in sorted(errors.items()):
            self._note(tag_id, error)
        return errors

    def _expanded_module_info(self, module_info: Any, *_more: Any, **_named: Any) -> Any:
        return module_info

    def _tag_id(self, tag_id_string: str) -> DicomTag:
        parents = [int(level.tag or 0) for level in self._dataset_stack[1:]]
        return DicomTag(_number(tag_id_string), parents or None)

    def _note(self, tag_id: DicomTag, error: TagError) -> None:
        path = "".join(f"{step}." for step in self._steps()) + _name(int(tag_id.tag))
        self.found.append(_Found(path, tag_id, error, self._module))

    def _steps(self) -> Iterator[str]:
        for outer, inner in pairwise(self._dataset_stack):
            tag = int(inner.tag or 0)
            items: Sequence[Dataset] = outer.dataset[tag].value
            index = next(i for i, item in enumerate(items) if item is inner.dataset)
            yield f"{_name(tag)}[{index}]"


def engine_findings(dataset: Dataset) -> Iterator[Finding]:
    """What the engine finds in a data set whose SOP class has tables, in their order."""
    tables = iod_tables()
    engine = _Locating(dataset, tables)
    result = engine.validate()
    kept = {
        (tag, error.code)
        for errors in (result.module_errors or {}).values()
        for tag, error in errors.items()
    }
    for one in engine.found:
        if (one.tag, one.error.code) in kept:
            yield _finding(one, tables)


def _finding(one: _Found, tables: IodTables) -> Finding:
    error = one.error
    if error.code is ErrorCode.TagUnexpected and _is_retired(int(one.tag.tag)):
        message = "was retired from the standard"
        return Finding(Severity.INFO, "retired-attribute", one.path, message, "PS3.6 6")
    kind = error.type.value if isinstance(error.type, TagType) else str(error.type)
    severity = Severity.WARNING if error.code in WARNINGS or _is_vendors(one) else Severity.ERROR
    rule = RULES[error.code].format(type=kind.lower())
    return Finding(severity, rule, one.path, _message(error, kind), tables.clause(one.module))


def _is_vendors(one: _Found) -> bool:
    value = (one.error.context or {}).get("value")
    return value in VENDOR_TERMS.get(one.path.rsplit(".", 1)[-1], ())


def _message(error: TagError, kind: str) -> str:
    context = error.context or {}
    return MESSAGES[error.code].format(
        kind=kind,
        value=repr(str(context.get("value", ""))[:SHOWN]),
        allowed=", ".join(map(str, context.get("allowed", ()))),
    )


def _is_retired(tag: int) -> bool:
    if not tag & 0xFFFF:  # group lengths (PS3.5 7.2)
        return True
    try:
        return dictionary_is_retired(tag)
    except KeyError:
        return False


@cache
def _number(tag: str) -> int:
    """The number of a tag that is written ``(GGGG,EEEE)``."""
    return int(tag[1:5].replace("x", "0"), 16) << 16 | int(tag[6:10], 16)


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
