"""Attribute matching of queries (PS3.4 C.2.2.2), on attributes in the DICOM JSON model.

An attribute is ``{"vr": VR, "Value": [...]}`` (PS3.18 F.2), without ``Value`` where it is empty.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from gateway.adapters.nodestore.date_matching import matches_dates

Element = Mapping[str, Any]
Attributes = Mapping[str, Element]

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
DATE_VRS = frozenset({"DA", "TM", "DT"})
NUMBER_VRS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def matches(keys: Attributes, attributes: Attributes) -> bool:
    """Whether ``attributes`` match every key."""
    return all(matches_element(key, attributes.get(tag, {})) for tag, key in keys.items())


def matches_element(key: Element, element: Element) -> bool:
    """Whether one attribute matches its key; any value of either is enough (C.2.2.2.1)."""
    if is_universal(key):
        return True
    compare = _comparison(str(key.get("vr", "")))
    return any(compare(one, value) for one in values(key) for value in values(element))


def is_universal(key: Element) -> bool:
    """Whether the key matches everything, also what is absent (C.2.2.2.3, C.2.2.2.4)."""
    if key.get("vr") == "SQ":
        return all(is_universal(nested) for item in values(key) for nested in item.values())
    return not list(values(key)) or is_wildcard_only(key)


def values(element: Element) -> Iterable[Any]:
    """The values that are not empty."""
    return (value for value in element.get("Value", ()) if value not in ("", None))


def is_wildcard_only(key: Element) -> bool:
    """Whether the key is ``*``, which also matches what is empty."""
    if key.get("vr") not in WILDCARD_VRS:
        return False
    texts = [_name_text(value) if key.get("vr") == "PN" else value for value in values(key)]
    return bool(texts) and all(isinstance(text, str) and not text.strip("* ") for text in texts)


def _comparison(vr: str) -> Callable[[Any, Any], bool]:
    if vr == "SQ":
        return _matches_item
    if vr == "PN":
        return _matches_name
    if vr in DATE_VRS:
        return lambda key, value: matches_dates(vr, str(key), str(value))
    if vr in NUMBER_VRS:
        return _same_number
    if vr in WILDCARD_VRS:
        return lambda key, value: _matches_text(str(key).strip(), str(value).strip())
    return lambda key, value: bool(key == value)


def _matches_item(key: Any, item: Any) -> bool:
    """Sequence matching: one item has to match all keys (C.2.2.2.6)."""
    return isinstance(key, Mapping) and isinstance(item, Mapping) and matches(key, item)


def _same_number(key: Any, value: Any) -> bool:
    try:
        return float(key) == float(value)
    except (TypeError, ValueError):
        return False


def _matches_text(key: str, value: str) -> bool:
    if "*" in key or "?" in key:
        return matches_wildcard(key, value)
    return key == value


def _matches_name(key: Any, value: Any) -> bool:
    """Names match without regard to case, group by group; one group alone matches any (C.2.2.2.1).

    Empty trailing components do not count: ``Doe^Jane^^`` is ``Doe^Jane``.
    """
    wanted, found = _groups(key), _groups(value)
    given = {group: text for group, text in wanted.items() if text}
    if set(given) == {"Alphabetic"}:
        return any(_matches_text(given["Alphabetic"], text) for text in found.values() if text)
    return all(_matches_text(text, found.get(group, "")) for group, text in given.items())


def _groups(name: Any) -> dict[str, str]:
    if isinstance(name, Mapping):
        return {group: _folded(str(name.get(group, ""))) for group in NAME_GROUPS}
    return dict(zip(NAME_GROUPS, map(_folded, str(name).split("=")), strict=False))


def _folded(name: str) -> str:
    components = (part.strip() for part in name.split("^"))
    return unicodedata.normalize("NFC", "^".join(components).rstrip("^")).casefold()


def _name_text(name: Any) -> str:
    return "".join(_groups(name).values())


def matches_wildcard(key: str, text: str) -> bool:
    """``*`` is any text, ``?`` any one character (C.2.2.2.4).

    What stands between two ``*`` is looked for once: no place for it but the first is ever tried.
    """
    return _wildcard(key).fullmatch(text) is not None


@lru_cache(maxsize=64)
def _wildcard(key: str) -> re.Pattern[str]:
    first, *others = (re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", key))
    if not others:
        return re.compile(first, re.DOTALL)
    *middle, last = others
    found_once = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{found_once}.*{last}", re.DOTALL)
