"""Bytes that are not what they say: an InputError or findings, and nothing else."""

import os
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.dicom.plan_file import read_plan, read_plan_bytes
from gateway.domain.errors import InputError
from tests.dicom_read.builders import changed, encoded, plan_bytes, point, read, set_text

SMALL = plan_bytes("open-field")


def implicit() -> bytes:
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(SMALL))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return encoded(dataset)


def survives(content: bytes) -> None:
    said = "plan.dcm: "
    try:
        read(content)
    except InputError as problem:
        said = str(problem)
    assert said.startswith("plan.dcm: ")
    assert "\n" not in said


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from([SMALL, implicit()]))
def test_mutated_plans(data: st.DataObject, content: bytes) -> None:
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "zero"])):
            case "flip":
                raw[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 16))]
            case "insert":
                raw[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case "zero":
                raw[at : at + 4] = b"\xff\xff\xff\xff"
        if not raw:
            break
    survives(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SMALL)))
def test_truncated_plans(length: int) -> None:
    survives(SMALL[:length])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    survives(content)
    survives(b"\0" * 128 + b"DICM" + content)


def test_sequences_nested_without_end() -> None:
    item = struct.pack("<HH2sHL", 0x300A, 0x00B0, b"SQ", 0, 0xFFFFFFFF)
    item += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(SMALL))
    survives(encoded(dataset) + item * 5000)


def test_lengths_that_promise_too_much() -> None:
    element = struct.pack("<HH2sHL", 0x300A, 0xFFF0, b"OB", 0, 0x7FFFFFFF)
    survives(SMALL + element)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("little", [True, False])
def test_a_tag_that_stands_twice_is_found(*, nested: bool, little: bool) -> None:
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(SMALL))
    if not little:
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
        dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(encoded(dataset)))
    if nested:
        item = point(dataset)
        for delimited in (dataset["BeamSequence"], dataset.BeamSequence[0]["ControlPointSequence"]):
            delimited.is_undefined_length = True
        dataset.BeamSequence[0].is_undefined_length_sequence_item = True
        item.is_undefined_length_sequence_item = True
    content = encoded(dataset)
    order = "<" if little else ">"
    tag = struct.pack(
        f"{order}HH2s", 0x300A, 0x011E if nested else 0x0002, b"DS" if nested else b"SH"
    )
    at = content.index(tag)
    (length,) = struct.unpack_from(f"{order}H", content, at + 6)
    element = content[at : at + 8 + length]
    plan, findings = read(content[:at] + element + content[at:])
    assert plan is None
    path = "BeamSequence[0].ControlPointSequence[0].GantryAngle" if nested else "RTPlanLabel"
    assert [item.path for item in findings if item.rule == "duplicate-tag"] == [path]


def test_a_deflated_plan_is_read_and_a_bomb_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(SMALL))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    content = encoded(dataset)
    plan, findings = read(content)
    assert plan is not None, findings
    monkeypatch.setattr("gateway.dicom.encoded.MAXIMUM_INFLATED_BYTES", 1000)
    with pytest.raises(InputError, match="inflates to more"):
        read_plan_bytes(content, "plan.dcm")


def test_numbers_that_are_none_name_their_place() -> None:
    plan, findings = read(changed(lambda d: set_text(point(d), "GantryAngle", "nan"), "open-field"))
    assert plan is None
    (finding, *_) = findings
    assert finding.path == "BeamSequence[0].ControlPointSequence[0].GantryAngle"
    assert "'nan' is not a decimal number" in finding.message


def test_what_is_not_a_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, link, empty = tmp_path / "pipe", tmp_path / "link", tmp_path / "empty"
    os.mkfifo(pipe)
    link.symlink_to(link)
    empty.touch()
    for path in (pipe, link, empty, tmp_path, tmp_path / "absent", Path("/dev/null")):
        with pytest.raises(InputError, match=str(path)):
            read_plan(path)


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(2 * 2**30)
    with pytest.raises(InputError, match="2048 MiB"):
        read_plan(path)
