"""RT Images that are damaged, cut or none at all: one line says so."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import RLELossless

from gateway.dicom.rt_image_reader import portal_images
from tests.dicom_read.rt_images import Change, changed, cine, one, refusal, single, written
from tests.dicom_write.builders import PANEL


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: setattr(d, "RTImageSID", "NaN"), "RTImageSID: 'NaN'"),
        (lambda d: setattr(d, "RTImageSID", "1e999"), "RTImageSID"),
        (lambda d: setattr(d, "RTImageSID", "-1500"), "RTImageSID is missing"),
        (lambda d: setattr(d, "ImagePlanePixelSpacing", ["0.3"]), "ImagePlanePixelSpacing"),
        (lambda d: setattr(d, "RescaleSlope", "NaN"), "RescaleSlope"),
        (lambda d: setattr(d, "RescaleSlope", "0"), "RescaleSlope"),
        (lambda d: setattr(d, "RescaleIntercept", "inf"), "RescaleIntercept"),
        (lambda d: setattr(d, "RTImagePosition", ["1", "NaN"]), "RTImagePosition"),
        (lambda d: setattr(d, "RTImageOrientation", [*"010100"]), "RTImageOrientation"),
        (lambda d: setattr(d, "PixelIntensityRelationshipSign", 7), "Sign 7"),
        (lambda d: setattr(d, "PixelIntensityRelationship", "LOG"), "LOG"),
        (lambda d: setattr(d, "SamplesPerPixel", 3), "SamplesPerPixel"),
        (lambda d: setattr(d, "BitsStored", 17), "BitsStored"),
        (lambda d: setattr(d, "BitsAllocated", 64), "BitsAllocated"),
        (lambda d: setattr(d, "HighBit", 7), "HighBit"),
        (lambda d: setattr(d, "Rows", 0), "0 rows"),
        (lambda d: setattr(d, "Rows", 4000), "PixelData has"),
        (lambda d: setattr(d, "Rows", 65535), "rows"),
        (lambda d: setattr(d, "NumberOfFrames", "2147483647"), "2147483647 frames"),
        (lambda d: setattr(d, "NumberOfFrames", "-1"), "-1 frames"),
        (lambda d: setattr(d, "PixelData", d.PixelData[:-2]), "PixelData has"),
        (lambda d: setattr(d, "PixelData", d.PixelData + b"ab"), "PixelData has"),
        (lambda d: delattr(d, "PixelData"), "PixelData is missing"),
        (lambda d: delattr(d, "Rows"), "Rows is missing"),
        (lambda d: setattr(d, "ImageType", ["DERIVED", "SECONDARY", "DRR"]), "DRR"),
        (lambda d: setattr(d, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"), "not RT Image"),
        (lambda d: setattr(d.ExposureSequence[0], "MetersetExposure", "NaN"), "MetersetExposure"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(tmp_path: Path, change: Change, said: str) -> None:
    assert said in refusal(changed(tmp_path, change))


@pytest.mark.parametrize("content", [single, cine], ids=["single", "cine"])
def test_a_file_cut_at_any_block_is_one_line(tmp_path: Path, content: Callable[[], bytes]) -> None:
    whole = content()
    front = whole.index(b"\xe0\x7f\x10\x00")
    cuts = {*range(0, front, 97), front, front + 4, front + 12, front + 13, len(whole) - 1}
    for cut in sorted(cuts):
        refusal(written(tmp_path, whole[:cut]))


@pytest.mark.parametrize("compress", [False, True])
def test_a_header_does_not_make_memory_of_nothing(tmp_path: Path, compress: bool) -> None:
    def absurd(dataset: pydicom.Dataset) -> None:
        if compress:
            dataset.compress(RLELossless)
        dataset.Rows = dataset.Columns = 4096
        dataset.NumberOfFrames = "1000"

    path = changed(tmp_path, absurd)
    tracemalloc.start()
    try:
        refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * path.stat().st_size + 2**20  # the file, its elements, the codec's tables


def test_a_run_is_read_a_frame_at_a_time(tmp_path: Path) -> None:
    images = portal_images(written(tmp_path, cine()))
    first = next(images)
    assert first.pixels.shape == (PANEL.rows, PANEL.columns)
    images.close()


def test_damaged_compressed_frames_are_one_line(tmp_path: Path) -> None:
    def damaged(dataset: pydicom.Dataset) -> None:
        dataset.compress(RLELossless)
        value = bytearray(dataset.PixelData)
        value[16 + 64 :] = bytes(len(value) - 80)
        dataset.PixelData = bytes(value)

    refusal(changed(tmp_path, damaged))


def test_a_text_that_is_none_in_its_character_set_is_no_warning(tmp_path: Path) -> None:
    def garbled(dataset: pydicom.Dataset) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset["RescaleType"].value = "\xff"

    path = changed(tmp_path, garbled)
    content = path.read_bytes().replace("\xff".encode(), b"\xff\xfe")
    assert one(written(tmp_path, content)).unit == "counts"


@pytest.mark.parametrize("content", [b"", b"\0", b"DICM" * 100, b"not an image"])
def test_what_is_no_dicom_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    refusal(written(tmp_path, content))


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.dcm")
