"""What PS3.15 table E.1-1 does with each attribute, but for what the retained options keep."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydicom.datadict import dictionary_has_tag, dictionary_VR

FILE = "confidentiality.json"
"""Made by tools/make-iod-tables."""
PATIENT_GROUP = 0x0010


@cache
def actions() -> Mapping[int, str]:
    """By tag: D a dummy value, U new UIDs, X removed, Z emptied."""
    made = json.loads(files(__package__).joinpath(FILE).read_bytes())
    return {
        int(tag[1:5] + tag[6:10], 16): action
        for action, tags in made["actions"].items()
        for tag in tags
    }


def says_who(tag: int) -> bool:
    """Whether a value may tell who somebody is: it is not shown in messages."""
    if tag >> 16 == PATIENT_GROUP or actions().get(tag, "U") != "U":
        return True
    return dictionary_has_tag(tag) and dictionary_VR(tag) == "PN"
