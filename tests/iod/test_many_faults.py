"""300 single faults, drawn over all that clean objects of every kind have: nearly all are found."""

import random
import re
from functools import cache

import pytest
from pydicom.datadict import keyword_for_tag

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Severity
from tests.iod.faults import FAULTS, NAMES, Place, places, put_in
from tests.iod.objects import OBJECTS, encoded, opened

DRAWN = 300
WANTED = 0.97
SEED = 20_260_101


@pytest.mark.filterwarnings("ignore")
def test_nearly_every_fault_is_found() -> None:
    draw = random.Random(SEED)
    kinds = list(FAULTS)
    missed = [
        one for number in range(DRAWN) for one in missed_fault(draw, kinds[number % len(kinds)])
    ]
    assert len(missed) <= (1.0 - WANTED) * DRAWN, "\n".join(missed)


def missed_fault(draw: random.Random, fault: str) -> list[str]:
    """Draw an object and an attribute where the fault can be; what it was where nobody sees it."""
    while True:
        kind = draw.choice([kind for kind in OBJECTS if where(kind, fault)])
        place = draw.choice(where(kind, fault))
        dataset = opened(OBJECTS[kind]())
        if put_in(dataset, place, fault):
            break
    fresh = seen(encoded(dataset)) - clean(kind)
    return [] if fresh else [f"{kind}: {fault}: {keyword_for_tag(place.tag)} in {place.steps}"]


@cache
def where(kind: str, fault: str) -> list[Place]:
    """Where the fault may be, by the names of attributes."""
    whole = opened(OBJECTS[kind]())
    plausible = NAMES.get(fault, re.compile(""))
    found = places(whole, str(whole.SOPClassUID))
    return [one for one in found if plausible.search(keyword_for_tag(one.tag))]


@cache
def clean(kind: str) -> set[tuple[str, str, str]]:
    return seen(OBJECTS[kind]())


def seen(content: bytes) -> set[tuple[str, str, str]]:
    found = validate(content).findings
    return {(one.rule, one.path, one.message) for one in found if one.severity is not Severity.INFO}
