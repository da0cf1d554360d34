"""Texts in a character set: one that is not stated or not known is told, whatever the bytes are."""

import pytest

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding
from tests.iod.objects import OBJECTS, encoded, opened

STATED = "SpecificCharacterSet"


def about_characters(content: bytes) -> list[Finding]:
    return [one for one in validate(content).findings if one.path == STATED]


def test_letters_beyond_ascii_need_a_character_set() -> None:
    dataset = opened(OBJECTS["ct"]())
    dataset.PatientName = "Phäntom^EPID"
    assert about_characters(encoded(dataset)) == []
    without = encoded(dataset).replace(b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192", b"")
    (found,) = about_characters(without)
    assert found.rule == "type-1c-missing"
    assert "PatientName" in found.message
    assert found.clause == "PS3.3 C.12.1.1.2"


@pytest.mark.parametrize("term", [b"ISO_IR 999", b"latin1    ", b"ISO_IR192 "])
def test_a_term_that_the_standard_has_not_is_told(term: bytes) -> None:
    content = OBJECTS["ct"]().replace(b"ISO_IR 192", term)
    assert "character-set" in {one.rule for one in about_characters(content)}


def test_a_term_that_stands_alone_cannot_stand_with_others() -> None:
    content = OBJECTS["ct"]().replace(
        b"CS\x0a\x00ISO_IR 192", b"CS\x18\x00ISO 2022 IR 6\\ISO_IR 192"
    )
    (found,) = about_characters(content)
    assert "stands with others" in found.message


@pytest.mark.parametrize(
    "terms",
    [["ISO_IR 100"], ["GB18030"], ["", "ISO 2022 IR 87"], ["ISO 2022 IR 13", "ISO 2022 IR 87"]],
)
def test_terms_of_the_standard_are_taken(terms: list[str]) -> None:
    dataset = opened(OBJECTS["ct"]())
    dataset.SpecificCharacterSet = terms
    assert about_characters(encoded(dataset)) == []


@pytest.mark.parametrize("term", [b"ISO_IR 192", b"ISO_IR 999", b"GB18030   "])
def test_bytes_that_are_no_text_are_no_traceback(term: bytes) -> None:
    content = OBJECTS["ct"]().replace(b"Phantom^EPID", b"\xff\xfe\x1b$B\x80\xff\xff\x1b(B^")
    found = validate(content.replace(b"ISO_IR 192", term))
    assert found.sop_class_uid
