"""Identifiers of queries: whatever bytes come, and whatever names go."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pynetdicom.dsutils import decode, encode

from gateway.adapters.dicomnet.identifiers import attributes_of, dataset_of
from gateway.adapters.nodestore.queries import query_of
from gateway.adapters.nodestore.query_keys import PATIENT_ROOT
from gateway.domain.errors import InputError, RemoteProtocolError

CHARACTER_SETS = ("", "ISO_IR 100", "ISO_IR 144", "ISO_IR 192", "GB18030", "ISO_IR 13")
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\\^=*?"),
    min_size=1,
    max_size=16,
)


def encoded(dataset: Dataset) -> bytes:
    content = encode(dataset, is_implicit_vr=True, is_little_endian=True)
    assert content is not None
    return content


def read(content: bytes) -> Any:
    return attributes_of(lambda: decode(BytesIO(content), True, True))  # noqa: FBT003


@given(NAMES, NAMES, st.sampled_from(CHARACTER_SETS))
def test_any_name_goes_out_and_comes_back(family: str, given_name: str, asked_in: str) -> None:
    name = {"Alphabetic": f"{family}^{given_name}", "Ideographic": family}
    attributes = {
        "00080020": {"vr": "DA", "Value": ["20240101-"]},
        "00100010": {"vr": "PN", "Value": [name]},
        "00100020": {"vr": "LO", "Value": [given_name]},
        "00201208": {"vr": "IS", "Value": ["3"]},
        "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": [family]}}]},
    }
    content = encoded(dataset_of(attributes, (asked_in,) if asked_in else ()))
    found = dict(read(content))
    found.pop("00080005", None)
    assert found == attributes


@given(st.data())
def test_any_bytes_are_an_identifier_or_are_refused(data: st.DataObject) -> None:
    """A query with bytes changed, cut off and put in."""
    asked = Dataset()
    asked.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    asked.QueryRetrieveLevel = "PATIENT"
    asked.PatientName = "Yamada^Tarou"
    asked.StudyDate = "20240101"
    asked.NumberOfFrames = 1
    asked.Rows = 512
    asked.RequestAttributesSequence = [Dataset()]
    asked.RequestAttributesSequence[0].RequestedProcedureID = "1"
    content = bytearray(encoded(asked))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=4))
    try:
        found = read(bytes(content))
    except InputError:
        return
    assert all(len(tag) == 8 and "vr" in element for tag, element in found.items())
    with suppress(RemoteProtocolError):
        assert query_of(PATIENT_ROOT, found).level in PATIENT_ROOT


def test_sequences_that_do_not_end_are_refused() -> None:
    depth = 5_000
    start = b"\x40\x00\x75\x02\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(InputError):
        read(start * depth)
