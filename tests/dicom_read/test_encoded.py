"""The strict reader finds what pydicom finds, and refuses what does not add up."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, config, dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gateway.dicom.encoded import Malformed, read_object, salvage_object
from tests import realdata
from tests.dicom_read.as_pydicom import rows_of_ours, rows_of_pydicom

SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
DAMAGED = {"corrupt_crlf_drr.dcm", "pydicom_truncated.dcm"}
LETTERS = {"ISO_IR 100": "aéß", "ISO_IR 126": "aΩλ", "ISO_IR 192": "aé日Ω"}
WHOLE = st.integers(-(2**31), 2**31 - 1)
UNSIGNED = st.integers(0, 2**16 - 1)
WORDS = st.binary(max_size=20).filter(lambda value: len(value) % 2 == 0)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Modality": st.sampled_from(["CT", "RTPLAN", ""]),
    "ImageType": st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", "AXIAL", ""]), max_size=4),
    "StudyDate": st.sampled_from(["20260101", ""]),
    "StudyTime": st.sampled_from(["101500.25", "10"]),
    "AcquisitionDateTime": st.just("20260101101500.000000+0100"),
    "PatientAge": st.just("042Y"),
    "RetrieveAETitle": st.lists(st.sampled_from(["LINAC", "ONE TWO"]), max_size=3),
    "StudyInstanceUID": st.sampled_from(["1.2.3", "1.2.34"]),
    "RetrieveURI": st.sampled_from(["http://localhost/a", ""]),
    "SliceThickness": st.one_of(st.none(), FINITE.map(lambda value: f"{value:.5e}")),
    "PixelSpacing": st.lists(st.sampled_from(["1", " 2.50", "-0", "1e3"]), max_size=5),
    "SeriesNumber": st.one_of(st.none(), WHOLE),
    "ReferencedFrameNumber": st.lists(WHOLE, max_size=4),
    "Rows": UNSIGNED,
    "TagAngleSecondAxis": st.integers(-(2**15), 2**15 - 1),
    "ReferencePixelX0": WHOLE,
    "SimpleFrameList": st.lists(st.integers(0, 2**32 - 1), max_size=4),
    "TableTopPitchAngle": st.floats(width=32, allow_nan=False),
    "DoseCalibrationFactor": FINITE,
    "ExtendedOffsetTableLengths": WORDS.map(lambda value: value[: len(value) // 8 * 8]),
    "FrameIncrementPointer": st.lists(st.sampled_from([0x00181063, 0x3004000C]), max_size=3),
    "PixelPaddingValue": st.integers(0, 2**15 - 1),
    "SmallestImagePixelValue": st.integers(0, 2**15 - 1),
    "OverlayData": WORDS,
    "FloatPixelData": WORDS.map(lambda value: value[: len(value) // 4 * 4]),
    "PixelData": WORDS,
}
TEXTS = ("PatientName", "PatientComments", "StudyDescription", "StationName", "TextValue")
SEQUENCES = ("BeamSequence", "ControlPointSequence", "ReferencedSOPSequence")


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 0, letters: str = "") -> Dataset:
    """A data set of any attributes, sequences within sequences."""
    made = Dataset()
    charset = draw(st.sampled_from([None, *LETTERS])) if not letters or depth == 2 else None
    if charset is not None:
        made.SpecificCharacterSet = charset
    letters = LETTERS.get(charset or "", letters or "ab")
    made.PixelRepresentation = draw(st.integers(0, 1))
    for keyword in draw(st.lists(st.sampled_from(list(VALUES)), unique=True, max_size=8)):
        put(made, keyword, draw(VALUES[keyword]))
    for keyword in draw(st.lists(st.sampled_from(TEXTS), unique=True, max_size=2)):
        put(made, keyword, draw(st.text(letters, max_size=9)))
    if draw(st.booleans()):
        made.private_block(0x300B, "EPID TEST", create=True).add_new(2, "FL", 1.5)
        made.add_new(0x300B0011, "LO", "ANOTHER")
    for keyword in draw(st.lists(st.sampled_from(SEQUENCES), unique=True, max_size=2 - depth)):
        items = draw(st.lists(data_sets(depth + 1, letters), max_size=2))
        for item in items:
            item.is_undefined_length_sequence_item = draw(st.booleans())
        put(made, keyword, Sequence(items))
        made[keyword].is_undefined_length = draw(st.booleans())
    return made


def put(dataset: Dataset, keyword: str, value: object) -> None:
    vr = dictionary_VR(0x60003000 if keyword == "OverlayData" else keyword)
    if " or " in vr:
        vr = "OW" if "OW" in vr else ("SS" if dataset.PixelRepresentation else "US")
    tag = 0x60003000 if keyword == "OverlayData" else keyword
    dataset[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def encoded(dataset: Dataset, syntax: str) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.5"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@given(data_sets())
@settings(max_examples=60, deadline=None)
def test_it_finds_what_pydicom_finds(syntax: str, dataset: Dataset) -> None:
    content = encoded(dataset, syntax)
    assert rows_of_ours(content) == rows_of_pydicom(content)


def real_objects() -> list[str]:
    found = realdata.ROOT.rglob("*.dcm")
    return sorted(str(path.relative_to(realdata.ROOT)) for path in found)


@pytest.mark.parametrize("name", real_objects())
def test_it_finds_what_pydicom_finds_in_real_objects(name: str) -> None:
    content = realdata.real_data(name).read_bytes()
    if Path(name).name in DAMAGED:
        with pytest.raises(Malformed):
            read_object(content)
    else:
        assert rows_of_ours(content) == rows_of_pydicom(content)


ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
OPEN = 0xFFFFFFFF


def delimiter(tag: int, length: int = 0) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    size = len(value) if length is None else length
    long = vr in (b"SQ", b"UN", b"OB", b"OW")
    return head + (struct.pack("<HL", 0, size) if long else struct.pack("<H", size)) + value


LABEL = element(0x300A0002, b"SH", b"A ")
BEAMS = 0x300A00B0
NOT_WELL_FORMED = {
    "element after the end": LABEL[:-1],
    "delimiter at the top": delimiter(ITEM_END) + LABEL,
    "item at the top": delimiter(ITEM) + LABEL,
    "delimiter in an item of a length": element(
        BEAMS, b"SQ", delimiter(ITEM, len(LABEL) + 8) + delimiter(ITEM_END) + LABEL
    ),
    "end of sequence in an item": element(
        BEAMS, b"SQ", delimiter(ITEM, OPEN) + LABEL + delimiter(SEQUENCE_END), OPEN
    ),
    "end of sequence in a sequence of a length": element(
        BEAMS, b"SQ", delimiter(SEQUENCE_END) + delimiter(ITEM, 0)
    ),
    "sequence without end": element(BEAMS, b"SQ", delimiter(ITEM, len(LABEL)) + LABEL, OPEN),
    "item without end": element(BEAMS, b"SQ", delimiter(ITEM, OPEN) + LABEL),
    "item longer than its sequence": element(BEAMS, b"SQ", delimiter(ITEM, len(LABEL) + 2) + LABEL),
    "sequence longer than the file": element(BEAMS, b"SQ", b"", 8),
    "no item in a sequence": element(BEAMS, b"SQ", LABEL),
    "fragments without end": element(0x7FE00010, b"OB", delimiter(ITEM, 2) + b"ab", OPEN),
    "fragment longer than the file": element(0x7FE00010, b"OB", delimiter(ITEM, 4) + b"ab", OPEN),
    "no fragment": element(0x7FE00010, b"OB", LABEL, OPEN),
}


@pytest.mark.parametrize("body", NOT_WELL_FORMED.values(), ids=NOT_WELL_FORMED.keys())
def test_what_does_not_add_up_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_object(LABEL + body)


@pytest.mark.parametrize("body", NOT_WELL_FORMED.values(), ids=NOT_WELL_FORMED.keys())
def test_what_stands_before_the_damage_is_salvaged(body: bytes) -> None:
    try:
        found, damage = salvage_object(LABEL + body)
    except Malformed:  # fragments of pixel data
        assert b"OB" in body
        return
    assert damage
    assert len(found.dataset.elements) >= 1


@given(cut=st.integers(0, 45), syntax=st.sampled_from(SYNTAXES[:3]))
def test_a_file_cut_anywhere_is_salvaged_and_its_damage_told(cut: int, syntax: str) -> None:
    dataset = Dataset()
    dataset.Modality = "RTPLAN"
    inner = Dataset()
    inner.BeamNumber = 1
    dataset.BeamSequence = [inner, inner]
    content = encoded(dataset, syntax)
    whole = read_object(content)
    assert salvage_object(content)[1] == []
    part = content[: len(content) - cut]
    found, damage = salvage_object(part)
    assert found.dataset.elements.keys() <= whole.dataset.elements.keys()
    if damage:
        with pytest.raises(Malformed, match=damage[0]):
            read_object(part)
    else:
        read_object(part)


IMPLICIT_ITEM = struct.pack("<HHL", 0x300A, 0x00C0, 2) + b"1 "
THROUGH_UN = {
    "text": element(0x00080060, b"UN", b"CT"),
    "number": element(0x00280010, b"UN", b"\1\2"),
    "sequence": element(BEAMS, b"UN", delimiter(ITEM, len(IMPLICIT_ITEM)) + IMPLICIT_ITEM),
    "open sequence": element(
        BEAMS,
        b"UN",
        delimiter(ITEM, OPEN) + IMPLICIT_ITEM + delimiter(ITEM_END) + delimiter(SEQUENCE_END),
        OPEN,
    ),
}


@pytest.mark.parametrize("body", THROUGH_UN.values(), ids=THROUGH_UN.keys())
def test_what_came_through_as_unknown_is_known_again(body: bytes) -> None:
    """PS3.5 6.2.2: who did not know an attribute kept it as UN, in Implicit VR."""
    content = encoded(Dataset(), ExplicitVRLittleEndian) + body
    assert rows_of_ours(content) == rows_of_pydicom(content)
    assert not any(vr == "UN" for _, vr, _ in rows_of_ours(content))


def test_no_deflated_data_set_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Dataset(), DeflatedExplicitVRLittleEndian)
    with pytest.raises(Malformed, match="ends within"):
        read_object(content[:-1])
    monkeypatch.setattr("gateway.dicom.encoded.MAXIMUM_INFLATED_BYTES", 10)
    with pytest.raises(Malformed, match="inflates to more"):
        read_object(encoded(pixels(), DeflatedExplicitVRLittleEndian))


def pixels() -> Dataset:
    made = Dataset()
    made.PixelData = bytes(100)
    made["PixelData"].VR = "OW"
    return made
