"""RT Images read back: ours as they were written, real ones with what they lack."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from gateway.dicom import stored_pixels
from gateway.dicom.rt_image_reader import portal_images
from gateway.domain.image_assumptions import ImageAssumptions
from tests import realdata
from tests.dicom_read.rt_images import (
    VALUES_A_FRAME,
    changed,
    cine,
    one,
    plan_and_beam,
    refusal,
    single,
    written,
)
from tests.dicom_write.builders import PANEL, frame


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


def test_a_compressed_run_is_the_same_run_and_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = written(tmp_path, cine())
    dataset = pydicom.dcmread(plain)
    dataset.compress(RLELossless)
    packed = tmp_path / "packed.dcm"
    dataset.save_as(packed)
    read = Mock(wraps=stored_pixels.dcmread)
    monkeypatch.setattr(stored_pixels, "dcmread", read)
    pairs = list(zip(portal_images(plain), portal_images(packed), strict=True))
    assert len(pairs) == 5
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in pairs)
    assert read.call_count == 1


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
    ("sign", "slope", "intercept", "signal"),
    [
        (1, "-0.5", "0", 500.0),  # stored values rise with dose
        (1, "-0.5", "100", 400.0),
        (-1, "-0.5", "32767.5", 32267.5),  # stored values fall, rescaled ones rise
        (-1, "-0.5", "0", 32267.5),
        (-1, "0.5", "0", 32267.5),
    ],
)
def test_the_sign_is_of_stored_values_whatever_the_slope(
    tmp_path: Path, sign: int, slope: str, intercept: str, signal: float
) -> None:
    """PS3.3 C.8.11.3: of the sample values that are stored in Pixel Data."""

    def turned(dataset: pydicom.Dataset) -> None:
        dataset.PixelIntensityRelationshipSign = sign
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = slope, intercept, "US"
        dataset.PixelData = np.full(VALUES_A_FRAME, 1000, "<u2").tobytes()

    assert (one(changed(tmp_path, turned)).pixels == signal).all()


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
