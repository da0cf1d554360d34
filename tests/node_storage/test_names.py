"""Names in the character sets of PS3.3 C.12.1.1.2 are filed as people write them."""

from io import BytesIO

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from gateway.dicom.object_header import read_header
from tests.node_storage.builders import encoded, small_plan

NAMES = {
    "": "Buc^Jerome",
    "ISO_IR 100": "Buc^Jérôme",
    "ISO_IR 101": "Wałęsa^Phantom",
    "ISO_IR 109": "Ġuże^Phantom",
    "ISO_IR 110": "Ķerra^Phantom",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 127": "قباني^لنزار",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 144": "Люкceмбypг",
    "ISO_IR 148": "Çavuşoğlu",
    "ISO_IR 166": "นามสกุล^ชื่อ",
    "ISO_IR 192": "Wang^XiaoDong=王^小东",
    "GB18030": "Wang^XiaoDong=王^小东",
    "GBK": "Wang^XiaoDong=王^小东",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
}
"""Examples of PS3.5 annexes H, I, J and K, and one of each single-byte set."""


@pytest.mark.parametrize("character_set", NAMES)
def test_a_name_comes_back_as_it_was(character_set: str) -> None:
    name = NAMES[character_set]
    dataset = small_plan(PatientName=name)
    dataset.SpecificCharacterSet = character_set.split("\\")
    header = read_header(BytesIO(encoded(dataset)), ExplicitVRLittleEndian)
    assert header.patient_name == name
    (value,) = header.attributes["00100010"]["Value"]
    assert (
        "=".join(
            value[group] for group in ("Alphabetic", "Ideographic", "Phonetic") if group in value
        )
        == name
    )


@pytest.mark.parametrize("character_set", ["ISO_IR 192", "GB18030", "ISO 2022 IR 87", "NOT_ONE"])
def test_bytes_that_are_no_text_never_make_an_object_unacceptable(character_set: str) -> None:
    content = encoded(small_plan(PatientName="XXXXXXXX")).replace(
        b"XXXXXXXX", b"\xff\xfe\x1b$B\x80\xff\xff"
    )
    content = content.replace(b"ISO_IR 192", character_set.encode().ljust(10)[:10])
    header = read_header(BytesIO(content), ExplicitVRLittleEndian)
    assert header.sop_instance_uid == "1.2.3"


def test_simplified_chinese_as_annex_k_of_the_standard_has_it() -> None:
    """The bytes of PS3.5 K.2, each component with its own escape sequence."""
    raw = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="
    dataset = small_plan(PatientName="X" * (len(raw) + len(raw) % 2))
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 58"]
    content = encoded(dataset).replace(
        b"X" * (len(raw) + len(raw) % 2), raw.ljust(len(raw) + len(raw) % 2)
    )
    header = read_header(BytesIO(content), ExplicitVRLittleEndian)
    assert header.patient_name.rstrip("=") == "Zhang^XiaoDong=张^小东"


def test_the_same_bytes_in_another_character_set_are_another_name() -> None:
    content = encoded(small_plan(PatientName="Wałęsa^Phantom"))
    read = [
        read_header(BytesIO(content.replace(b"ISO_IR 192", stated)), ExplicitVRLittleEndian)
        for stated in (b"ISO_IR 192", b"ISO_IR 100", b"ISO_IR 192")
    ]
    assert [header.patient_name for header in read] == [
        "Wałęsa^Phantom",
        "Wałęsa^Phantom".encode().decode("latin-1"),
        "Wałęsa^Phantom",
    ]


@pytest.mark.parametrize(("signed", "value"), [(0, 65535), (1, -1)])
def test_what_a_value_means_may_depend_on_its_neighbours(signed: int, value: int) -> None:
    dataset = small_plan(PixelRepresentation=signed, SmallestImagePixelValue=value)
    header = read_header(BytesIO(encoded(dataset, ImplicitVRLittleEndian)), ImplicitVRLittleEndian)
    assert header.attributes["00280106"]["Value"] == [value]
