"""The engine on our reader finds what dicom-validator's own does, by the same tables."""

import random
import re
import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import pytest
from dicom_validator.validator.iod_validator import IODValidator
from dicom_validator.validator.validation_result import TagType
from pydicom import DataElement, Dataset, config, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence

from gateway.dicom.encoded import read_object
from gateway.dicom.encoded_items import name_of
from gateway.dicom.iod.engine import CODE_MACRO, RULES, engine_findings
from gateway.dicom.iod.tables import iod_tables, number_of
from gateway.dicom.iod.validation import validate
from tests import realdata
from tests.iod.changes import Break, named
from tests.iod.objects import OBJECTS, encoded, image, opened
from tests.iod.test_meanings import MEANINGS
from tests.iod.test_real_objects import real_objects
from tests.iod.test_single_faults import FAULTS

GENERATED = 60
LARGEST_BYTES = 250_000
"""The stock engine takes seconds for larger ones."""
PIXELS = 0x7FE00010
NOT_WHOLE = {"corrupt_crlf_drr.dcm", "pydicom_truncated.dcm"}
VALUES: Mapping[str, Any] = {
    "AS": "042Y",
    "AT": 0x00181063,
    "DA": "20260101",
    "DT": "20260101",
    "FD": 1.5,
    "FL": 1.5,
    "OB": b"ab",
    "OW": b"ab",
    "PN": "A^B",
    "TM": "10",
    "UI": "1.2.3",
    "UR": "http://a",
}
WHOLE = frozenset({"SL", "SS", "UL", "US"})
TERMS = (["YES", "NO"], ["ORIGINAL", "PRIMARY", "PORTAL"], ["A", "", "B"])


def _is_small(name: str) -> bool:
    path = realdata.ROOT / name
    return path.name not in NOT_WHOLE and path.stat().st_size <= LARGEST_BYTES


Broken = set[tuple[str, str]]
"""Rules, and attributes without the numbers of items."""


def by_stock(content: bytes) -> Broken:
    """Where a text is empty it has no value: pydicom has "" for it, which is one to the engine."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(config, "use_none_as_empty_text_VR_value", True)
        dataset = dcmread(BytesIO(content), force=True)
        info = iod_tables().info
        result = IODValidator(dataset, info, suppress_vr_warnings=True, log_level=100).validate()
    found = {
        (_rule(error), ".".join(name_of(int(part)) for part in (*(tag.parents or ()), tag.tag)))
        for errors in result.module_errors.values()
        for tag, error in errors.items()
    }
    return _comparable(found)


def by_ours(content: bytes) -> Broken:
    found = {
        (one.rule.replace("retired", "unexpected"), re.sub(r"\[\d+\]", "", one.path))
        for one in engine_findings(read_object(content).dataset)
    }
    return _comparable(found)


def _comparable(found: Broken) -> Broken:
    """The stock engine looks for pixels, and not at them; for codes also around their item."""
    apart = {name_of(PIXELS), *map(name_of, CODE_MACRO)}
    return {(rule, path) for rule, path in found if path.rsplit(".", 1)[-1] not in apart}


def _rule(error: Any) -> str:
    kind = error.type.value if isinstance(error.type, TagType) else str(error.type)
    return RULES[error.code].format(type=kind.lower())


@pytest.mark.parametrize("kind", OBJECTS)
def test_clean_objects(kind: str) -> None:
    assert by_ours(OBJECTS[kind]()) == by_stock(OBJECTS[kind]())


@pytest.mark.parametrize(("kind", "name", "change", "path"), FAULTS + MEANINGS, ids=named)
def test_single_faults(kind: str, name: str, change: Break, path: str) -> None:
    dataset = opened(OBJECTS[kind]())
    change(dataset)
    content = encoded(dataset)
    assert by_ours(content) == by_stock(content), (name, path)


@pytest.mark.parametrize("name", [name for name in real_objects() if _is_small(name)])
def test_real_objects(name: str) -> None:
    content = realdata.real_data(name).read_bytes()
    assert by_ours(content) == by_stock(content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(GENERATED))
def test_any_attribute_of_the_tables(seed: int) -> None:
    """Attributes of every module, also of items, and what their conditions ask for."""
    draw = random.Random(seed)
    dataset = opened(OBJECTS[draw.choice(list(OBJECTS))]())
    spots = list(_spots(dataset, _modules(dataset)))
    for _ in range(8):
        holder, tag, rule = draw.choice(spots)
        for asked, value in _asked(rule.get("cond", {})):
            if draw.random() < 0.5:
                _put(draw, draw.choice((holder, dataset)), asked, {}, value)
        if tag in holder and draw.random() < 0.3:
            del holder[tag]
        elif tag < PIXELS:
            _put(draw, holder, tag, rule)
    content = encoded(dataset)
    assert by_ours(content) == by_stock(content)


def _modules(dataset: Dataset) -> list[Mapping[str, Any]]:
    info = iod_tables().info
    modules = info.iods[str(dataset.SOPClassUID)]["modules"].values()
    return [info.modules[module["ref"]] for module in modules]


def _spots(
    dataset: Dataset, rules: list[Mapping[str, Any]]
) -> Iterator[tuple[Dataset, int, Mapping[str, Any]]]:
    for key, rule in [pair for one in rules for pair in one.items()]:
        tag = number_of(key)
        if "cond" in rule or "enums" in rule or tag in dataset:
            yield dataset, tag, rule
        if "items" in rule and tag in dataset:
            for item in dataset[tag].value[:2]:
                yield from _spots(item, [rule["items"]])


def _asked(condition: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """Attributes that a condition looks at, and a value that it looks for."""
    if "tag" in condition:
        yield number_of(condition["tag"]), (condition.get("values") or [None])[0]
    for inner in (*condition.get("and", ()), *condition.get("or", ())):
        yield from _asked(inner)


def _put(
    draw: random.Random, holder: Dataset, tag: int, rule: Mapping[str, Any], value: Any = None
) -> None:
    vr = dictionary_VR(tag).rsplit(" ", 1)[-1]
    if vr == "SQ":
        value = Sequence([Dataset()] * draw.choice((0, 1, 2)))
    elif value is None:
        terms = [term for enums in rule.get("enums", ()) for term in enums["val"]]
        several = TERMS if vr == "CS" else ()
        value = draw.choice([None, VALUES.get(vr, 2 if vr in WHOLE else "1"), *terms, *several])
    elif vr in WHOLE:
        value = int(value)
    holder[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def test_a_pointer_to_an_attribute_is_followed() -> None:
    """C.7.6.5: who shows frames by their time says how long that is."""
    dataset = opened(image())
    dataset.NumberOfFrames = 1
    dataset.RecommendedDisplayFrameRate = 10
    dataset.FrameIncrementPointer = 0x00181063
    missing = {one.path for one in validate(encoded(dataset)).findings if "missing" in one.rule}
    assert "FrameTime" in missing
