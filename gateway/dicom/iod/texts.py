"""Texts by VR (PS3.5 6.2): what they may be made of, and how long they may be."""

import re
from datetime import date
from functools import lru_cache

_PATTERNS = {
    "AE": r"(?! *$)[ -\[\]-~]{1,16}",
    "AS": r"\d{3}[DWMY]",
    "CS": r"[A-Z0-9 _]{1,16}",
    "DA": r"\d{8}",
    "DT": r"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?",
    "LO": r"[^\x00-\x1a\x1c-\x1f\x7f]{0,64}",
    "LT": r"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{0,10240}",
    "SH": r"[^\x00-\x1a\x1c-\x1f\x7f]{0,16}",
    "ST": r"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{0,1024}",
    "TM": r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?",
    "UI": r"(?=.{1,64}$)[012](\.(0|[1-9]\d*))+",
    "UR": r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*",
}
_PATTERN = {vr: re.compile(pattern, re.ASCII) for vr, pattern in _PATTERNS.items()}
NAME_GROUPS, NAME_COMPONENTS, NAME_CHARACTERS = 3, 5, 64
_WHOLE_DATE = re.compile(r"\d{8}")


@lru_cache(maxsize=4096)
def is_text_of(vr: str, text: str) -> bool:
    """Whether one value, without its padding, is one of the VR; without a value it is."""
    if not text:
        return True
    if vr == "PN":
        return _is_name(text)
    pattern = _PATTERN.get(vr)
    if pattern is not None and pattern.fullmatch(text) is None:
        return False
    if vr == "DA":
        return _is_date(text)
    if vr == "DT":
        return _WHOLE_DATE.match(text) is None or _is_date(text)
    return True


def _is_name(text: str) -> bool:
    groups = text.split("=")
    return len(groups) <= NAME_GROUPS and all(
        len(group) <= NAME_CHARACTERS and group.count("^") < NAME_COMPONENTS for group in groups
    )


def _is_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True
