"""Whatever the bytes are, the answer is findings."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dicom.iod.validation import validate
from gateway.dicom.sop_classes import CT_IMAGE
from gateway.domain.findings import has_errors
from tests.iod.objects import OBJECTS

NO_VALUE = "value-representation"


@given(st.binary(max_size=600))
@settings(max_examples=100)
def test_noise_is_no_object(noise: bytes) -> None:
    assert has_errors(validate(noise).findings)


@pytest.mark.parametrize("kind", OBJECTS)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
@settings(max_examples=25)
def test_damage_never_raises(kind: str, place: int, bytes_: bytes) -> None:
    content = bytearray(OBJECTS[kind]())
    at = place % len(content)
    content[at : at + len(bytes_)] = bytes_
    validate(bytes(content[: len(content) - (place % 7)]))


@given(st.floats(0.0, 1.0))
@settings(max_examples=25)
def test_what_is_cut_off_is_told(share: float) -> None:
    content = OBJECTS["plan"]()
    cut = content[: int(share * (len(content) - 1))]
    assert has_errors(validate(cut).findings)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", [b"1" * 60_000 + b"x", b"12345678901234\\" * 4_000 + b"x"])
def test_long_numbers_are_read_in_one_look(text: bytes) -> None:
    """Where a pattern can match in many ways, looking at all of them takes hours."""
    value = text + b" " * (len(text) % 2)
    assert ("PixelSpacing", "value-representation") in found_in(0x00280030, b"DS", value)


@pytest.mark.parametrize(
    ("tag", "vr", "value", "finding"),
    [
        (0x00080060, b"CS", b"CT ", ("Modality", "odd-length")),
        (0x00280009, b"AT", b"\x18\0\x63\x10\x18\0", ("FrameIncrementPointer", NO_VALUE)),
        (0x00280010, b"US", b"\1\0\1", ("Rows", "odd-length")),
        (0x00280030, b"DS", b"1\\2\\3 ", ("PixelSpacing", "value-multiplicity")),
    ],
)
def test_values_of_no_possible_length(
    tag: int, vr: bytes, value: bytes, finding: tuple[str, str]
) -> None:
    assert finding in found_in(tag, vr, value)


def found_in(tag: int, vr: bytes, value: bytes) -> set[tuple[str, str]]:
    """Paths and rules, of an image with this element."""
    sop_class = CT_IMAGE.encode() + b"\0" * (len(CT_IMAGE) % 2)
    dataset = struct.pack("<HH2sH", 0x0008, 0x0016, b"UI", len(sop_class)) + sop_class
    dataset += struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value
    return {(one.path, one.rule) for one in validate(dataset).findings}
