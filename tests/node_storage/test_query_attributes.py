"""The quick way through an object's front finds what pydicom's does."""

import struct
from io import BytesIO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from gateway.dicom import query_attributes as module
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.query_attributes import FRONT_BYTES, query_attributes
from gateway.dicom.quiet import quietly
from tests.node_storage.builders import encoded, small_plan

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def found(content: bytes, syntax: str) -> object:
    try:
        with quietly():
            return query_attributes(
                BytesIO(content), implicit=syntax == ImplicitVRLittleEndian, little=True
            )
    except READING_ERRORS as error:
        return type(error)


def by_pydicom(content: bytes, syntax: str) -> object:
    with patch.object(module, "_plain", lambda *_: None):
        return found(content, syntax)


def item() -> Dataset:
    made = Dataset()
    made.ReferencedSOPInstanceUID = "1.2.3.4"
    return made


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\\\0"), max_size=20)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "StudyDescription": TEXTS,
        "PatientName": TEXTS,
        "PatientComments": TEXTS,
        "InstanceNumber": st.integers(-(2**31), 2**31 - 1),
        "PatientWeight": st.integers(0, 300),
        "Rows": st.integers(0, 65535),
        "SmallestImagePixelValue": st.integers(0, 65535),
        "FrameIncrementPointer": st.sampled_from((0x00181063, [0x00181063, 0x00181065])),
        "ImageType": st.sampled_from(("ORIGINAL", ["ORIGINAL", "PRIMARY"], "")),
        "ReferencedStudySequence": st.sampled_from(([], [item()], [item()] * 100)),
        "SpecificCharacterSet": st.sampled_from(("ISO_IR 192", "GB18030", "NONE")),
    },
)


@given(ATTRIBUTES, st.sampled_from(SYNTAXES), st.booleans())
def test_it_finds_the_same(attributes: dict[str, object], syntax: str, undefined: bool) -> None:
    dataset = small_plan(**attributes)
    for element in dataset:
        element.is_undefined_length = undefined and element.VR == "SQ"
    with quietly():
        content = encoded(dataset, syntax)
    assert found(content, syntax) == by_pydicom(content, syntax)


@given(st.data(), st.sampled_from(SYNTAXES), st.sampled_from(SYNTAXES))
def test_it_finds_the_same_in_what_is_damaged(data: st.DataObject, syntax: str, said: str) -> None:
    content = bytearray(encoded(small_plan(), syntax))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    assert found(damaged, said) == by_pydicom(damaged, said)


@given(
    st.one_of(
        st.from_regex(rb"[0-9. ]{0,70}\0?", fullmatch=True),
        st.from_regex(rb"[-+0-9. \\\\]{0,14}", fullmatch=True),
    ),
    st.sampled_from(((0x0020, 0x0013, b"IS"), (0x0020, 0x0052, b"UI"))),
)
def test_it_finds_the_same_uids_and_numbers(value: bytes, element: tuple[int, int, bytes]) -> None:
    content = struct.pack("<HH2sH", *element, len(value)) + value
    content += struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 0)
    assert found(content, ExplicitVRLittleEndian) == by_pydicom(content, ExplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("more", range(-12, 13, 2))
def test_a_front_that_ends_anywhere_is_read_to_its_end(syntax: str, more: int) -> None:
    dataset = small_plan()
    begun = len(encoded(dataset, syntax))
    dataset.add_new(0x00091001, "UN", bytes(FRONT_BYTES - begun + more - 8))
    content = encoded(dataset, syntax)
    expected = by_pydicom(content, syntax)
    assert found(content, syntax) == expected
    assert isinstance(expected, dict)
    assert "300A0002" in expected
