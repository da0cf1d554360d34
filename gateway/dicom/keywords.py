"""Attributes by the keyword that people write, in the DICOM JSON model (PS3.18 F)."""

from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from gateway.domain.errors import InputError


def attribute(keyword: str, value: str = "") -> tuple[str, dict[str, Any]]:
    """The tag of a keyword, ``GGGGEEEE``, and its attribute; without a value it matches all.

    Several values are separated by backslashes. Raises InputError where no attribute has the
    keyword, or one that holds no text.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise InputError(f"{keyword}: no attribute has this keyword")
    vr = dictionary_VR(tag)
    if vr == "SQ" or vr.startswith(("O", "UN")):
        raise InputError(f"{keyword}: an attribute of VR {vr} is no key")
    if not value:
        return f"{tag:08X}", {"vr": vr}
    parts = value.split("\\")
    values: list[Any] = [{"Alphabetic": part} for part in parts] if vr == "PN" else list(parts)
    return f"{tag:08X}", {"vr": vr, "Value": values}


def keyword_of(tag: str) -> str:
    """The keyword of a tag, or the tag."""
    return keyword_for_tag(int(tag, 16)) or tag


def text_of(attribute_found: Any) -> str:
    """An attribute's values as one text for people; names in their first representation."""
    values = attribute_found.get("Value", ())
    plain = (
        next(iter(value.values()), "") if isinstance(value, dict) else value for value in values
    )
    return "\\".join(str(value) for value in plain)
