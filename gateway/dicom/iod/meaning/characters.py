"""Specific Character Set: terms that there are, bytes that they account for (PS3.3 C.12.1.1.2)."""

from collections.abc import Iterator, Sequence

from gateway.dicom.encoded_items import IN_CHARACTER_SET, SPECIFIC_CHARACTER_SET, Item, name_of
from gateway.dicom.iod.meaning.levels import Level
from gateway.dicom.iod.meaning.notes import wrong
from gateway.domain.findings import Finding

CLAUSE = "C.12.1.1.2"
_SINGLE_BYTE = ["13", "100", "101", "109", "110", "126", "127", "138", "144", "148", "166", "203"]
ALONE = frozenset({f"ISO_IR {one}" for one in _SINGLE_BYTE} | {"ISO_IR 192", "GB18030", "GBK"})
"""Terms without code extensions; also ISO_IR 6, the default repertoire, which is hardly stated."""
EXTENDED = frozenset(f"ISO 2022 IR {one}" for one in (*_SINGLE_BYTE, "6", "58", "87", "149", "159"))
DEFAULT = frozenset({"", "ISO_IR 6"})
KEYWORD = "SpecificCharacterSet"


def character_findings(found: Sequence[Level]) -> Iterator[Finding]:
    """Character sets that are stated, and texts that none is stated for."""
    told = False
    for item, path in found:
        if SPECIFIC_CHARACTER_SET in item.elements:
            yield from _stated(item, path)
        if not told and not _is_stated(item) and (beyond := _beyond_ascii(item)):
            told = True
            message = f"is missing, and {beyond} is not of the default repertoire (type 1C)"
            yield wrong("type-1c-missing", f"{path}{KEYWORD}", message, CLAUSE)


def _stated(item: Item, path: str) -> Iterator[Finding]:
    terms = [str(one) for one in item.elements[SPECIFIC_CHARACTER_SET].values]
    for place, term in enumerate(terms):
        allowed = EXTENDED if len(terms) > 1 else ALONE | EXTENDED
        is_default = place == 0 and term in DEFAULT
        if not is_default and term not in allowed:
            known = term in ALONE and "stands with others, and has to stand alone"
            message = f"{term!r} {known or 'is no character set of the standard'}"
            yield wrong("character-set", f"{path}{KEYWORD}", message, CLAUSE)
            return


def _beyond_ascii(item: Item) -> str:
    """The first text that the default repertoire cannot write, by its keyword."""
    for tag, element in item.elements.items():
        if element.vr in IN_CHARACTER_SET and not element.raw.isascii():
            return name_of(tag)
    return ""


def _is_stated(item: Item | None) -> bool:
    while item is not None:
        if SPECIFIC_CHARACTER_SET in item.elements:
            return True
        item = item.outer
    return False
