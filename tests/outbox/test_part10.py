"""File meta information, whole and damaged."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.filereader import read_preamble
from pynetdicom.dsutils import split_dataset

from gateway.dicom.part10 import FileMeta, file_meta
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE
from gateway.domain.errors import InputError
from tests.outbox.builders import dicom_file, uid
from tests.realdata import real_data

WHOLE = dicom_file(uid(1))


def test_what_it_says() -> None:
    offset = WHOLE.index(b"\x08\x00\x16\x00UI")
    assert file_meta(WHOLE) == FileMeta(RT_IMAGE, uid(1), EXPLICIT_VR_LITTLE_ENDIAN, offset)


@pytest.mark.parametrize("folder", ["rtplan", "rtimage", "rtdose", "rtstruct"])
def test_real_files_are_split_where_pydicom_splits_them(folder: str) -> None:
    paths = sorted(real_data(folder).rglob("*.dcm"))[:5]
    assert paths
    for path in paths:
        if not _is_file(path):
            continue
        meta, offset = split_dataset(path)
        found = file_meta(path.read_bytes())
        assert found.offset == offset
        assert found.sop_class_uid == meta.MediaStorageSOPClassUID
        assert found.transfer_syntax_uid == dcmread(path, force=True).file_meta.TransferSyntaxUID


def _is_file(path: Path) -> bool:
    with path.open("rb") as file:
        return read_preamble(file, force=True) is not None


@given(st.integers(0, len(WHOLE)))
def test_cut_off_anywhere_it_is_refused_or_the_same(length: int) -> None:
    try:
        found = file_meta(WHOLE[:length])
    except InputError:
        assert length < file_meta(WHOLE).offset
    else:
        assert found == file_meta(WHOLE)


@given(st.binary(max_size=300))
def test_garbage_after_the_prefix_is_refused(garbage: bytes) -> None:
    with pytest.raises(InputError):
        file_meta(bytes(128) + b"DICM" + garbage)


@given(st.binary(max_size=300))
def test_garbage_is_no_dicom_file(garbage: bytes) -> None:
    with pytest.raises(InputError, match="not a DICOM file"):
        file_meta(garbage)
