"""dicom-validator as the engine: what breaks a type, a condition or an enumeration.

The engine names an attribute by its tag and those of the sequences around it. Here it is asked at
each attribute, so that a finding names the very item.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, cast

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
from pydicom.datadict import dictionary_is_retired
from pydicom.tag import Tag

from gateway.dicom.confidentiality import says_who
from gateway.dicom.encoded_items import Element, Item, name_of
from gateway.dicom.iod.tables import Attributes, IodTables, iod_tables, number_of
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
CODE_MACRO = frozenset({0x00080100, 0x00080102, 0x00080119, 0x00080120})
"""Code Value, its scheme, Long and URN Code Value (PS3.3 8.8)."""
SHOWN = 64
PRIVATE = 0x10000
"""What sets an odd group apart (PS3.5 7.8)."""
_NEEDED = frozenset({"1", "2"})
_VALUED = frozenset({"1", "1C"})


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    tag: int
    error: TagError
    module: str


class _Silent(ValidationResultHandler):
    def handle_validation_start(self, result: ValidationResult) -> None:
        """Nothing to say."""

    def handle_validation_result(self, result: ValidationResult) -> None:
        """Nothing to say."""


class _Level(DatasetStackItem):
    """An item on the way down."""

    def __init__(self, item: Item, tag: int) -> None:
        self.dataset = cast("Dataset", item)
        self.tag = Tag(tag)
        self.stack = None
        self.in_func_group = False
        self.unexpected_tags = set()


class _Locating(IODValidator):
    """The engine on elements as they were read, noting where it stands.

    It decides which modules and conditions hold; each level is walked here, once.
    """

    def __init__(self, item: Item, tables: IodTables) -> None:
        super().__init__(
            cast("Dataset", item), tables.info, suppress_vr_warnings=True, error_handler=_Silent()
        )
        self.found: list[_Found] = []
        self._module = ""

    def _validate_module(self, module: Any, *arguments: Any, **named: Any) -> Any:
        self._module = str(module["ref"])
        return super()._validate_module(module, *arguments, **named)

    def _validate_attributes(self, attributes: Any, report_unexpected_tags: bool) -> Any:
        rules: Attributes = attributes
        level = self._dataset_stack[-1]
        elements = _item(level).elements
        for tag, rule in rules.demanded:
            if tag not in elements and self._is_required(rule):
                self._note(tag, TagError(rule["type"], ErrorCode.TagMissing))
        for tag, element in elements.items():
            rule_there = rules.by_number.get(tag)
            if rule_there is not None:
                level.unexpected_tags.discard(DicomTag(tag))
                self._validate_element(element, rule_there)
            elif report_unexpected_tags and not tag & PRIVATE:
                self._note(tag, TagError(TagType.Undefined, ErrorCode.TagUnexpected))
        return {}

    def _validate_element(self, element: Element, rule: Mapping[str, Any]) -> None:
        error = self._element_error(element, rule)
        if error is not None:
            self._note(element.tag, error)
        if element.items is None:
            if "items" in rule and not element.is_empty:
                self._note(element.tag, TagError(code=ErrorCode.InvalidSequence))
            return
        if "items" in rule:
            for item in element.items:
                self._dataset_stack.append(_Level(item, element.tag))
                self._validate_attributes(rule["items"], report_unexpected_tags=True)
                self._dataset_stack.pop()

    def _is_required(self, rule: Mapping[str, Any]) -> bool:
        if rule["type"] in _NEEDED:
            return True
        required, _ = self._object_is_required_or_allowed(rule["cond"])
        return bool(required)

    def _element_error(self, element: Element, rule: Mapping[str, Any]) -> TagError | None:
        kind = rule["type"]
        if kind not in _NEEDED and "cond" in rule:
            required, allowed = self._object_is_required_or_allowed(rule["cond"])
            if not (required or allowed):
                return TagError(kind, ErrorCode.TagNotAllowed)
        if element.is_empty:
            return TagError(kind, ErrorCode.TagEmpty) if kind in _VALUED else None
        return self._term_error(element, rule) if "enums" in rule else None

    def _term_error(self, element: Element, rule: Mapping[str, Any]) -> TagError | None:
        for terms in rule["enums"]:
            if "cond" in terms and not self._object_is_required_or_allowed(terms["cond"])[0]:
                continue
            place = int(terms["index"]) - 1 if "index" in terms else None
            for index, value in enumerate(element.values):
                if place in (None, index) and value not in terms["val"]:
                    context = {"value": value, "allowed": terms["val"]}
                    return TagError(rule["type"], ErrorCode.EnumValueNotAllowed, context=context)
        return None

    def _lookup_tag(self, tag: DicomTag) -> Any:
        """What an outer code is, a code inside it need not be."""
        if int(tag.tag) in CODE_MACRO:
            return _item(self._dataset_stack[-1]).elements.get(int(tag.tag))
        return super()._lookup_tag(tag)

    def _expanded_module_info(self, module_info: Any, *_more: Any, **_named: Any) -> Any:
        return module_info

    def _tag_id(self, tag_id_string: str) -> DicomTag:
        return _tag_id(tag_id_string)

    def _note(self, tag: int, error: TagError) -> None:
        path = "".join(f"{step}." for step in self._steps()) + name_of(tag)
        self.found.append(_Found(path, tag, error, self._module))

    def _steps(self) -> Iterator[str]:
        for outer, inner in pairwise(self._dataset_stack):
            tag = int(inner.tag or 0)
            items: Sequence[Item] = _item(outer)[tag].items or ()
            index = next(i for i, item in enumerate(items) if item is _item(inner))
            yield f"{name_of(tag)}[{index}]"


def _item(level: DatasetStackItem) -> Item:
    return cast("Item", level.dataset)


def engine_findings(dataset: Item) -> Iterator[Finding]:
    """What the engine finds in a data set whose SOP class has tables, in their order."""
    tables = iod_tables()
    engine = _Locating(dataset, tables)
    result = engine.validate()
    yield from (_finding(one, tables) for one in engine.found)
    for errors in (result.module_errors or {}).values():  # of modules and tags that belong nowhere
        for tag_id, found in sorted(errors.items()):
            tag = int(tag_id.tag)
            yield _finding(_Found(name_of(tag), tag, found, ""), tables)


def _finding(one: _Found, tables: IodTables) -> Finding:
    error = one.error
    if error.code is ErrorCode.TagUnexpected and _is_retired(one.tag):
        message = "was retired from the standard"
        return Finding(Severity.INFO, "retired-attribute", one.path, message, "PS3.6 6")
    kind = error.type.value if isinstance(error.type, TagType) else str(error.type)
    severity = Severity.WARNING if error.code in WARNINGS or _is_vendors(one) else Severity.ERROR
    rule = RULES[error.code].format(type=kind.lower())
    message = _message(error, kind, shown=not says_who(one.tag))
    return Finding(severity, rule, one.path, message, tables.clause(one.module))


def _is_vendors(one: _Found) -> bool:
    value = (one.error.context or {}).get("value")
    return value in VENDOR_TERMS.get(one.path.rsplit(".", 1)[-1], ())


def _message(error: TagError, kind: str, *, shown: bool) -> str:
    context = error.context or {}
    return MESSAGES[error.code].format(
        kind=kind,
        value=repr(str(context.get("value", ""))[:SHOWN]) if shown else "its value",
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
def _tag_id(tag: str) -> DicomTag:
    """Of the few hundred tags that the tables have."""
    return DicomTag(number_of(tag))
