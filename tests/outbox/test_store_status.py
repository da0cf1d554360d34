"""What statuses of C-STORE responses mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS

from gateway.adapters.dicomnet.store_status import Meaning, meaning, status_text


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (0x0000, Meaning.STORED),
        (0xB000, Meaning.STORED),
        (0xB006, Meaning.STORED),
        (0xB007, Meaning.STORED),
        (0x0110, Meaning.AGAIN),
        (0x0213, Meaning.AGAIN),
        (0xA700, Meaning.AGAIN),
        (0xA7FF, Meaning.AGAIN),
        (0x0111, Meaning.DUPLICATE),
        (0x0117, Meaning.REFUSED),
        (0x0122, Meaning.REFUSED),
        (0x0124, Meaning.REFUSED),
        (0xA800, Meaning.REFUSED),
        (0xA900, Meaning.REFUSED),
        (0xC000, Meaning.REFUSED),
        (0xFE00, Meaning.REFUSED),
    ],
)
def test_meanings(status: int, what: Meaning) -> None:
    assert meaning(status) is what


def test_every_status_of_the_standard_has_a_text() -> None:
    """Those of PS3.4 B.2.3, and what PS3.7 9.1.1.1.9 has for C-STORE."""
    storage = [status for status in STORAGE_SERVICE_CLASS_STATUS if 0xA700 <= status < 0xD000]
    assert len(storage) > 1000
    general = [0x0117, 0x0122, 0x0124, 0x0210, 0x0211, 0x0212]
    texts = {status: status_text(status) for status in (*storage, *general)}
    assert not [status for status, text in texts.items() if "unknown" in text]


@given(st.integers(0, 0xFFFF), st.text())
def test_a_comment_moves_no_cursor(status: int, comment: str) -> None:
    text = status_text(status, comment)
    assert text.isprintable()
    assert (text == "") == (status == 0x0000)
