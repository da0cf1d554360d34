"""Identifiers of queries and their answers: datasets here, the DICOM JSON model in the store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydicom import DataElement, Dataset, config
from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS, format_number_as_ds
from pynetdicom import evt

from gateway.adapters.nodestore.matching import NAME_GROUPS, Attributes, Element, values
from gateway.adapters.nodestore.query_keys import SPECIFIC_CHARACTER_SET
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.domain.errors import InputError

UTF_8 = "ISO_IR 192"
DEFAULT_ENCODING = "ascii"
MAXIMUM_DS = 16
TEXT_VRS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
ENCODED_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that Specific Character Set is about (PS3.5 6.1.2.2)."""
SINGLE_VRS = frozenset({"LT", "ST", "UR", "UT"})


def identifier_of(event: evt.Event) -> Attributes:
    """The identifier of a query. Raises InputError as :func:`attributes_of`."""
    return attributes_of(lambda: event.identifier)


def attributes_of(read: Callable[[], Dataset]) -> Attributes:
    """The attributes of a request. Raises InputError where its bytes cannot be read as a dataset.

    Values are taken as texts, unchecked: wildcards and ranges are no valid UIDs and dates.
    """
    try:
        with quietly():
            return _attributes(read(), (DEFAULT_ENCODING,))
    except READING_ERRORS as error:
        raise InputError("the data set of the request cannot be decoded") from error


def dataset_of(attributes: Attributes, asked_in: Sequence[str] = ()) -> Dataset:
    """An answer, in the character set ``asked_in`` where that can write it, else in UTF-8.

    An answer in ASCII names no character set.
    """
    dataset = _dataset(attributes)
    texts = list(_texts(attributes))
    if not all(text.isascii() for text in texts):
        dataset.SpecificCharacterSet = _character_set(texts, asked_in)
    return dataset


def character_set_of(attributes: Attributes) -> tuple[str, ...]:
    """The terms of an identifier's Specific Character Set."""
    return tuple(map(str, attributes.get(SPECIFIC_CHARACTER_SET, {}).get("Value", ())))


def _attributes(dataset: Dataset, encodings: Sequence[str]) -> dict[str, Element]:
    if "SpecificCharacterSet" in dataset:
        encodings = _encodings(dataset)
    return {
        f"{tag:08X}": _element(dataset, int(tag), encodings)
        for tag in sorted(dataset.keys())
        if not tag.is_private
    }


def _encodings(dataset: Dataset) -> Sequence[str]:
    """Python's codecs of the character sets. Raises LookupError for one that is not defined."""
    terms = dataset.SpecificCharacterSet
    given = [terms] if isinstance(terms, str) else list(terms or [""])
    return tuple(python_encoding[term] for term in given)


def _element(dataset: Dataset, tag: int, encodings: Sequence[str]) -> Element:
    raw = dataset.get_item(tag)
    vr = str(raw.VR or _vr(tag))
    if vr == "SQ":
        return {"vr": vr, "Value": [_attributes(item, encodings) for item in dataset[tag].value]}
    if isinstance(raw.value, bytes) and (vr == "PN" or vr in TEXT_VRS):
        return _with_values(vr, _decoded(vr, raw.value, encodings))
    value = dataset[tag].value
    return _with_values(vr, list(value) if isinstance(value, list | tuple) else [value])


def _vr(tag: int) -> str:
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


def _decoded(vr: str, value: bytes, encodings: Sequence[str]) -> Iterator[Any]:
    """The values of a text element; leading and trailing blanks do not count (PS3.5 6.2)."""
    used = encodings if vr in ENCODED_VRS else (DEFAULT_ENCODING,)
    delimiters = PN_DELIMS if vr == "PN" else TEXT_VR_DELIMS
    text = value.decode(used[0]) if len(used) == 1 else decode_bytes(value, used, delimiters)
    for one in [text] if vr in SINGLE_VRS else text.split("\\"):
        bare = one.strip(" \0")
        yield dict(zip(NAME_GROUPS, bare.split("="), strict=False)) if vr == "PN" and bare else bare


def _with_values(vr: str, given: Iterable[Any]) -> Element:
    found = [value for value in given if value not in ("", None)]
    return {"vr": vr, "Value": found} if found else {"vr": vr}


def _dataset(attributes: Attributes) -> Dataset:
    dataset = Dataset()
    for tag, element in attributes.items():
        vr = str(element.get("vr", "UN"))
        given = [_value(vr, value) for value in element.get("Value", ())]
        value = given if vr == "SQ" or len(given) > 1 else (given[0] if given else None)
        dataset.add(DataElement(int(tag, 16), vr, value, validation_mode=config.IGNORE))
    return dataset


def _value(vr: str, value: Any) -> Any:
    if vr == "SQ":
        return _dataset(value)
    if vr == "PN":
        return _name(value)
    if vr == "DS" and value is not None:
        text = str(value)
        return text if len(text) <= MAXIMUM_DS else format_number_as_ds(float(value))
    return str(value) if vr == "IS" and value is not None else value


def _name(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value or "")
    return "=".join(str(value.get(group, "")) for group in NAME_GROUPS).rstrip("=")


def _texts(attributes: Attributes) -> Iterator[str]:
    for element in attributes.values():
        for value in values(element):
            if element.get("vr") == "SQ":
                yield from _texts(value)
            elif element.get("vr") in ENCODED_VRS:
                yield _name(value) if element["vr"] == "PN" else str(value)


def _character_set(texts: Iterable[str], asked_in: Sequence[str]) -> str:
    """The one character set asked in, where it is one and has all characters of ``texts``."""
    if len(asked_in) != 1 or asked_in[0] not in python_encoding:
        return UTF_8
    try:
        for text in texts:
            text.encode(python_encoding[asked_in[0]])
    except UnicodeEncodeError:
        return UTF_8
    return asked_in[0]
