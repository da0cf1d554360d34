"""RT Images read back: ours as they were written, real ones with what they lack, damaged ones."""

import io
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from gateway.dicom.rt_image_reader import portal_images
from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.domain.errors import InputError
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.portal_image import PortalImage
from gateway.planning.generate import generate
from tests import realdata
from tests.dicom_read.builders import encoded
from tests.dicom_write.builders import PANEL, context, frame, recorded
from tests.generate.machines import M120

Change = Callable[[pydicom.Dataset], object]
VALUES_A_FRAME = PANEL.rows * PANEL.columns


@cache
def plan_and_beam() -> tuple[TreatmentPlan, Beam]:
    plan = generate("vmat", M120, seed=2)
    return plan, next(iter(plan.beams.values()))


@cache
def single() -> bytes:
    plan, beam = plan_and_beam()
    return integrated_image(context(plan), recorded(beam), frame(beam), 1)


@cache
def cine() -> bytes:
    plan, beam = plan_and_beam()
    frames = [frame(beam, number, 5) for number in range(1, 6)]
    (content,) = cine_images(context(plan), recorded(beam), frames, 1)
    return content


def written(folder: Path, content: bytes) -> Path:
    path = folder / "image.dcm"
    path.write_bytes(content)
    return path


def changed(folder: Path, change: Change, content: bytes | None = None) -> Path:
    dataset = pydicom.dcmread(io.BytesIO(single() if content is None else content))
    with pydicom.config.disable_value_validation():
        change(dataset)
    return written(folder, encoded(dataset))


def one(path: Path, *assumptions: ImageAssumptions) -> PortalImage:
    (image,) = portal_images(path, assumptions)
    return image


def refusal(path: Path, *assumptions: ImageAssumptions) -> str:
    with pytest.raises(InputError) as refused:
        list(portal_images(path, assumptions))
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text


def test_what_was_written_is_read(tmp_path: Path) -> None:
    _, beam = plan_and_beam()
    image = one(written(tmp_path, single()))
    assert np.allclose(image.pixels, 0.0025 * frame(beam).pixels, rtol=1e-12, atol=0.0)
    place = image.geometry
    assert place.pitch_mm == (6.5, 6.5)
    assert place.first_pixel_mm == (-63 / 2 * 6.5, 47 / 2 * 6.5)
    assert (place.sid_mm, place.sad_mm) == (1500.0, 1000.0)
    assert (place.panel_mm, place.receptor_deg, place.assumed) == ((0.0, 0.0), 0.0, ())
    assert (image.unit, image.beam_number) == ("CU", 1)
    # 64 exposures, each rounded to 1e-6 MU
    assert image.meterset_mu == pytest.approx(beam.meterset_mu, abs=64e-6)


def test_each_frame_of_a_run_has_its_own_gantry_angle_and_meterset(tmp_path: Path) -> None:
    _, beam = plan_and_beam()
    images = list(portal_images(written(tmp_path, cine())))
    gantry = [image.gantry_deg for image in images]
    assert len(set(gantry)) == 5
    for number, image in enumerate(images, start=1):
        shown = frame(beam, number, 5)
        assert np.allclose(image.pixels, 0.0025 * shown.pixels, rtol=1e-12, atol=0.0)
        given = shown.end_meterset_mu - shown.start_meterset_mu
        assert image.meterset_mu == pytest.approx(given, abs=2e-6)


def test_a_compressed_image_is_the_same_image(tmp_path: Path) -> None:
    plain = one(written(tmp_path, single()))
    packed = one(changed(tmp_path, lambda dataset: dataset.compress(RLELossless)))
    assert np.array_equal(plain.pixels, packed.pixels)


def test_unused_bits_are_no_part_of_a_value(tmp_path: Path) -> None:
    def overlaid(dataset: pydicom.Dataset) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = np.full(VALUES_A_FRAME, 0xF123, "<u2").tobytes()

    assert (one(changed(tmp_path, overlaid)).pixels == 0x123 * 0.0025).all()


def test_values_that_fall_with_dose_are_turned_over(tmp_path: Path) -> None:
    def falling(dataset: pydicom.Dataset) -> None:
        dataset.PixelIntensityRelationshipSign = -1
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-16384"
        dataset.RescaleType = "US"
        dataset.PixelData = np.full(VALUES_A_FRAME, 16000, "<u2").tobytes()

    image = one(changed(tmp_path, falling))
    assert (image.pixels == 384.0).all()
    assert image.unit == "counts"


@pytest.mark.parametrize(
    ("keyword", "given", "option"),
    [
        ("RTImageSID", ImageAssumptions("the log", sid_mm=1600.0), "--sid"),
        ("RadiationMachineSAD", ImageAssumptions("the log", sad_mm=1000.0), "--sad"),
        ("ImagePlanePixelSpacing", ImageAssumptions("the log", pitch_mm=0.4), "--pitch"),
    ],
)
def test_a_missing_length_is_named_with_its_option_or_taken_from_elsewhere(
    tmp_path: Path, keyword: str, given: ImageAssumptions, option: str
) -> None:
    path = changed(tmp_path, lambda dataset: delattr(dataset, keyword))
    text = refusal(path)
    assert keyword in text
    assert option in text
    place = one(path, given).geometry
    assert (keyword, "the log") in place.assumed
    wanted = {"RTImageSID": 1600.0, "RadiationMachineSAD": 1000.0}
    found = {"RTImageSID": place.sid_mm, "RadiationMachineSAD": place.sad_mm}
    if keyword in wanted:
        assert found[keyword] == wanted[keyword]
    else:
        assert place.first_pixel_mm == (-63 / 2 * 0.4, 47 / 2 * 0.4)


def test_only_what_overrides_replaces_what_is_stated(tmp_path: Path) -> None:
    path = written(tmp_path, single())
    assert one(path, ImageAssumptions("the log", sid_mm=1600.0)).geometry.sid_mm == 1500.0
    option = ImageAssumptions("--sid", overrides=True, sid_mm=1600.0)
    place = one(path, option).geometry
    assert place.sid_mm == 1600.0
    assert place.assumed == (("RTImageSID", "--sid"),)


def test_a_missing_sign_is_seen_in_the_image_and_said(tmp_path: Path) -> None:
    field = np.full((PANEL.rows, PANEL.columns), 60000, "<u2")
    field[8:-8, 8:-8] = 20000

    def unsigned(dataset: pydicom.Dataset) -> None:
        del dataset.PixelIntensityRelationshipSign
        del dataset.RescaleType, dataset.RescaleSlope, dataset.RescaleIntercept
        dataset.PixelData = field.tobytes()

    path = changed(tmp_path, unsigned)
    image = one(path)
    assert image.pixels[0, 0] == 65535 - 60000
    assert image.pixels[20, 20] == 65535 - 20000
    assert "brighter" in dict(image.geometry.assumed)["PixelIntensityRelationshipSign"]
    assert one(path, ImageAssumptions("--sign", sign=1)).pixels[0, 0] == 60000


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


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "falling", "middle"),
    [
        ("as500_picket_fence", True, 16384 - 16254),
        ("as1000_picket_fence_left_right", False, 34452),
        ("elekta_iviewgt_anon", True, 65535 - 31988),
    ],
)
def test_real_images_without_position_or_sign_are_read_and_say_so(
    name: str, falling: bool, middle: float
) -> None:
    image = one(realdata.real_data(f"rtimage/{name}.dcm"))
    rows, columns = image.pixels.shape
    assert image.pixels[rows // 2, columns // 2] == middle
    assumed = dict(image.geometry.assumed)
    assert ("brighter" in assumed["PixelIntensityRelationshipSign"]) == falling
    assert {"RTImagePosition", "RTImageOrientation"} <= set(assumed)


@pytest.mark.peer
def test_a_real_calibrated_image_is_in_cu() -> None:
    image = one(realdata.real_data("rtimage/as1200_picket_fence.dcm"))
    assert (image.unit, image.gantry_deg, image.collimator_deg) == ("CU", 0.0, 0.0)
    assert image.pixels[595, 595] == pytest.approx(1744 * 3.348064819e-05)
    assert image.geometry.panel_mm == pytest.approx((1.76771963e-05, -0.0265648688558))


@pytest.mark.peer
@pytest.mark.parametrize("name", ["corrupt_crlf_drr", "varian_drr"])
def test_real_files_that_are_no_portal_images_are_one_line(name: str) -> None:
    refusal(realdata.real_data(f"rtimage/{name}.dcm"))
