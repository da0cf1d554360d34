"""Names in every character set of PS3.3 C.12.1.1.2 come back as people write them, both ways."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from gateway.adapters.dicomnet.identifiers import attributes_of, dataset_of
from gateway.dicom.encoded import read_object
from gateway.dicom.object_header import read_header
from tests.iod.parts import encoded, item

JAPANESE, HANGUL = "山田太郎", "김희중홍길동"
REPERTOIRES: Mapping[str, str] = {
    "ISO_IR 100": "éüßñçÅø",
    "ISO_IR 101": "łęśžőČ",
    "ISO_IR 109": "ġħĉŝ",
    "ISO_IR 110": "ķļāē",
    "ISO_IR 126": "ΔιονυσιοςΩ",
    "ISO_IR 127": "قبانيلنزار",
    "ISO_IR 138": "שרוןדבורה",
    "ISO_IR 144": "Люкceмбург",
    "ISO_IR 148": "ÇavuşoğluİĞ",
    "ISO_IR 166": "นามสกุล",
    "ISO_IR 192": "王Жé山ก",
    "GB18030": "王小东张",
    "GBK": "王小东张",
    "\\ISO 2022 IR 87": JAPANESE,
    "ISO 2022 IR 13\\ISO 2022 IR 87": JAPANESE,
    "\\ISO 2022 IR 149": HANGUL,
    "\\ISO 2022 IR 100": "éüß",
    "ISO 2022 IR 100\\ISO 2022 IR 144": "Люк",
}


def names(letters: str) -> st.SearchStrategy[str]:
    """Of up to three groups, each of one or two components (PS3.5 6.2.1)."""
    component = st.text(letters, min_size=1, max_size=6)
    group = st.lists(component, min_size=1, max_size=2).map("^".join)
    ascii_group = st.sampled_from(["Yamada^Tarou", "Hong^Gildong", "A"])
    return st.tuples(ascii_group, st.lists(group, max_size=2)).map(
        lambda parts: "=".join((parts[0], *parts[1]))
    )


def written(name: str, terms: Sequence[str]) -> bytes:
    made = item(
        SpecificCharacterSet=list(terms),
        SOPClassUID="1.2.840.10008.5.1.4.1.1.481.5",
        SOPInstanceUID="1.2.3",
        StudyInstanceUID="1.2.1",
        SeriesInstanceUID="1.2.2",
        Modality="RTPLAN",
        PatientID="P1",
        PatientName=name,
    )
    return encoded(made)


@pytest.mark.parametrize("character_set", REPERTOIRES)
@settings(max_examples=15)
@given(data=st.data())
def test_a_name_is_read_as_it_was_written(character_set: str, data: st.DataObject) -> None:
    name = data.draw(names(REPERTOIRES[character_set]))
    content = written(name, character_set.split("\\"))
    assert as_read(content) == name
    meta_and_more = content.index(b"\x08\x00\x05\x00")
    header = read_header(BytesIO(content[meta_and_more:]), ExplicitVRLittleEndian)
    assert header.patient_name == name


@pytest.mark.parametrize("character_set", REPERTOIRES)
@settings(max_examples=10)
@given(data=st.data())
def test_a_query_answers_with_the_name(character_set: str, data: st.DataObject) -> None:
    name = data.draw(names(REPERTOIRES[character_set]))
    terms = character_set.split("\\")
    asked = dcmread(BytesIO(written(name, terms)))
    attributes = attributes_of(lambda: asked)
    answer = dataset_of(attributes, terms)
    assert str(on_the_wire(answer).PatientName) == name


def on_the_wire(dataset: Dataset) -> Dataset:
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.5", "1.2.3"
    return dcmread(BytesIO(encoded(dataset)))


def as_read(content: bytes) -> str:
    found = read_object(content).dataset.element("PatientName")
    assert found is not None
    return str(found.value)


def test_simplified_chinese_as_annex_k_has_it() -> None:
    """Each component with its own escape sequence (PS3.5 K.2); none is left in the name."""
    raw = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="
    content = written("X" * (len(raw) + len(raw) % 2), ["", "ISO 2022 IR 58"])
    content = content.replace(b"X" * (len(raw) + len(raw) % 2), raw.ljust(len(raw) + len(raw) % 2))
    assert as_read(content).rstrip("=") == "Zhang^XiaoDong=张^小东"
