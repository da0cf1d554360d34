"""RT Images: geometry, exposures, references, pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

import numpy as np
import pytest

from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.domain.delivery import PanelIdentity, PortalFrame
from gateway.domain.errors import InputError
from gateway.domain.machine import MachineModel
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.planning.generate import generate
from tests.dicom_write.builders import (
    LEAF_ERROR_MM,
    PANEL,
    STARTED_NS,
    context,
    empty,
    frame,
    named,
    recorded,
)
from tests.dicom_write.validation import dciodvfy_errors, dcmdump, decimal_strings, opened
from tests.generate.machines import HALCYON, M120, MACHINES

FRAME_BYTES = 2 * PANEL.rows * PANEL.columns


def first_beam(plan: TreatmentPlan) -> Beam:
    return next(iter(plan.beams.values()))


def integrated(plan: TreatmentPlan, panel: PanelIdentity = PANEL) -> bytes:
    beam = first_beam(plan)
    return integrated_image(context(plan, panel), recorded(beam), frame(beam, panel=panel), 1)


@pytest.mark.peer
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@pytest.mark.parametrize("kind", ["open-field", "step-and-shoot", "vmat"])
def test_integrated_images_pass_dciodvfy(machine: MachineModel, kind: str, tmp_path: Path) -> None:
    content = integrated(generate(kind, machine, seed=1))
    assert dciodvfy_errors(content, tmp_path) == []
    assert "PixelData" in dcmdump(content, tmp_path)


@pytest.mark.peer
def test_cine_images_pass_dciodvfy(tmp_path: Path) -> None:
    plan = generate("vmat", HALCYON, seed=1)
    beam = first_beam(plan)
    frames = [frame(beam, number, 4) for number in (1, 2, 3, 4)]
    for content in cine_images(context(plan), recorded(beam), frames, 5):
        assert dciodvfy_errors(content, tmp_path) == []


def test_pixels_and_their_meaning_are_kept() -> None:
    plan = generate("open-field", M120)
    dataset = opened(integrated(plan))
    assert np.array_equal(dataset.pixel_array, frame(first_beam(plan)).pixels)
    assert (dataset.Rows, dataset.Columns) == (PANEL.rows, PANEL.columns)
    assert (dataset.RescaleSlope, dataset.RescaleIntercept) == (0.0025, 0)
    assert (dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign) == (
        "LIN",
        1,
    )
    assert list(dataset.ImageType) == ["ORIGINAL", "PRIMARY", "PORTAL"]
    assert max(map(len, decimal_strings(dataset))) <= 16


def test_an_image_says_where_it_belongs() -> None:
    plan = generate("vmat", M120)
    dataset = opened(integrated(plan))
    assert dataset.StudyInstanceUID == plan.study_instance_uid
    assert dataset.FrameOfReferenceUID == plan.frame_of_reference_uid
    assert dataset.SeriesInstanceUID == context(plan).uid("image-series")
    assert dataset.SOPInstanceUID == context(plan).uid("image:1")
    reference = dataset.ReferencedRTPlanSequence[0]
    assert reference.ReferencedSOPInstanceUID == plan.sop_instance_uid
    assert dataset.ReferencedBeamNumber == 1
    assert dataset.ReferencedFractionGroupNumber == 1
    assert dataset.FractionNumber == 3
    assert dataset.StartCumulativeMetersetWeight == 0
    assert dataset.EndCumulativeMetersetWeight == 1
    assert dataset.RadiationMachineName == "TestLinac"
    assert dataset.Manufacturer == PANEL.manufacturer
    assert dataset.DeviceSerialNumber == PANEL.serial_number
    assert list(dataset.SoftwareVersions) == ["2.1", "0.1.0"]
    assert dataset.ReportedValuesOrigin == "ACTUAL"


def test_the_panel_stands_below_the_isocentre() -> None:
    dataset = opened(integrated(generate("open-field", M120)))
    assert list(dataset.XRayImageReceptorTranslation) == [0, 0, -500]
    assert list(dataset.RTImagePosition) == [-63 / 2 * 6.5, 47 / 2 * 6.5]
    assert list(dataset.ImagePlanePixelSpacing) == [6.5, 6.5]
    assert list(dataset.RTImageOrientation) == [1, 0, 0, 0, -1, 0]
    assert (dataset.RTImageSID, dataset.RadiationMachineSAD) == (1500, 1000)


def test_a_static_field_is_one_exposure_at_the_measured_positions() -> None:
    beam = first_beam(generate("open-field", M120))
    dataset = opened(integrated(generate("open-field", M120)))
    assert len(dataset.ExposureSequence) == 1
    item = dataset.ExposureSequence[0]
    assert item.KVP == 6000
    assert item.MetersetExposure == beam.meterset_mu
    assert item.NumberOfBlocks == 0
    leaves = item.BeamLimitingDeviceSequence[2]
    assert leaves.RTBeamLimitingDeviceType == "MLCX"
    assert len(leaves.LeafPositionBoundaries) == 61
    # telemetry and the record count thousandths of mm
    assert np.allclose(leaves.LeafJawPositions, beam.leaves["MLCX"][0] + LEAF_ERROR_MM, atol=5e-4)
    assert item.TableTopLateralPosition == 30


@pytest.mark.parametrize(("kind", "count"), [("vmat", 64), ("step-and-shoot", 6)])
def test_the_exposures_of_a_moving_field_add_up(kind: str, count: int) -> None:
    plan = generate(kind, M120, seed=2)
    dataset = opened(integrated(plan))
    exposures = dataset.ExposureSequence
    assert len(exposures) == count
    total = sum(float(item.MetersetExposure) for item in exposures)
    # each exposure is rounded to 1e-6 MU
    assert total == pytest.approx(first_beam(plan).meterset_mu, abs=count * 1e-6)
    assert all("ReferencedFrameNumber" not in item for item in exposures)
    angles = [float(item.GantryAngle) for item in exposures]
    assert all(0.0 <= angle < 360.0 for angle in angles)
    assert (len(set(angles)) > 60) == (kind == "vmat")


def test_step_and_shoot_exposures_show_each_segment_as_it_stood() -> None:
    plan = generate("step-and-shoot", M120, seed=2)
    beam = first_beam(plan)
    for index, item in enumerate(opened(integrated(plan)).ExposureSequence):
        leaves = item.BeamLimitingDeviceSequence[2].LeafJawPositions
        expected = beam.leaves["MLCX"][2 * index] + LEAF_ERROR_MM
        assert np.allclose(leaves, expected, atol=5e-4)


@pytest.mark.parametrize("samples", [None, 0])
def test_without_telemetry_the_plan_is_reported_as_such(samples: int | None) -> None:
    plan = generate("vmat", M120)
    beam = first_beam(plan)
    lost = replace(recorded(beam), delivered=None if samples is None else empty(beam))
    dataset = opened(integrated_image(context(plan), lost, frame(beam), 1))
    assert dataset.ReportedValuesOrigin == "PLAN"
    assert dataset.ExposureSequence[0].GantryAngle in beam.axes[next(iter(beam.axes))]


@pytest.mark.parametrize(("pitch", "truncated"), [(6.5, False), (1.5, True)])
def test_a_field_larger_than_the_panel_is_marked(pitch: float, truncated: bool) -> None:
    panel = replace(PANEL, pitch_mm=pitch)
    dataset = opened(integrated(generate("open-field", M120), panel))
    assert ("Truncated" in dataset.get("ImageComments", "")) == truncated


def test_saturated_pixels_are_counted_in_the_comments() -> None:
    plan = generate("open-field", M120)
    beam = first_beam(plan)
    bright = replace(frame(beam), saturated=17)
    dataset = opened(integrated_image(context(plan), recorded(beam), bright, 1))
    assert "17 pixels" in dataset.ImageComments


def test_weights_are_stated_on_the_plans_scale() -> None:
    plan = generate("open-field", M120)
    beam = replace(first_beam(plan), final_meterset_weight=100.0)
    dataset = opened(integrated_image(context(plan), recorded(beam), frame(beam), 1))
    assert dataset.EndCumulativeMetersetWeight == 100


class LazyFrames(Sequence[PortalFrame]):
    """Frames made when they are asked for; counts how many."""

    def __init__(self, beam: Beam, count: int) -> None:
        self.beam, self.count, self.asked = beam, count, 0

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, index: int) -> PortalFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PortalFrame]: ...
    def __getitem__(self, index: int | slice) -> PortalFrame | Sequence[PortalFrame]:
        assert isinstance(index, int)
        self.asked += 1
        return frame(self.beam, index + 1, self.count)


def test_a_cine_run_is_split_and_stays_one_series() -> None:
    plan = generate("vmat", M120, seed=2)
    beam = first_beam(plan)
    frames = LazyFrames(beam, 10)
    images: Iterator[bytes] = cine_images(
        context(plan), recorded(beam), frames, 2, max_bytes=4 * FRAME_BYTES + 1
    )
    first = opened(next(images))
    assert frames.asked <= 2 * 4
    rest = [opened(content) for content in images]
    parts = [first, *rest]
    assert [part.NumberOfFrames for part in parts] == [4, 4, 2]
    assert [part.InstanceNumber for part in parts] == [2, 3, 4]
    assert len({part.SeriesInstanceUID for part in parts}) == 1
    assert len({part.SOPInstanceUID for part in parts}) == 3
    weights = [
        (float(part.StartCumulativeMetersetWeight), float(part.EndCumulativeMetersetWeight))
        for part in parts
    ]
    assert weights == [(0.0, 0.4), (0.4, 0.8), (0.8, 1.0)]
    pixels = np.concatenate([part.pixel_array for part in parts])
    expected = np.stack([frame(beam, number, 10).pixels for number in range(1, 11)])
    assert np.array_equal(pixels, expected)


def test_each_cine_frame_has_its_exposure_and_its_time() -> None:
    plan = generate("vmat", M120, seed=2)
    beam = first_beam(plan)
    frames = LazyFrames(beam, 6)
    dataset = opened(next(cine_images(context(plan), recorded(beam), frames, 1)))
    assert [item.ReferencedFrameNumber for item in dataset.ExposureSequence] == [1, 2, 3, 4, 5, 6]
    assert dataset.FrameIncrementPointer == 0x00181063
    assert dataset.FrameTime == 100
    angles = np.array([float(item.GantryAngle) for item in dataset.ExposureSequence])
    assert np.all(np.diff((angles - 180.0) % 360.0) > 0.0)


def test_one_frame_is_kept_even_where_it_is_larger_than_a_part() -> None:
    plan = generate("open-field", M120)
    beam = first_beam(plan)
    frames = LazyFrames(beam, 3)
    parts = list(cine_images(context(plan), recorded(beam), frames, 1, max_bytes=10))
    assert [opened(part).NumberOfFrames for part in parts] == [1, 1, 1]


def test_no_frames_give_no_images() -> None:
    plan = generate("open-field", M120)
    assert list(cine_images(context(plan), recorded(first_beam(plan)), (), 1)) == []


def test_what_cannot_be_written_is_named() -> None:
    plan = generate("open-field", M120)
    beam = first_beam(plan)
    small = replace(frame(beam), pixels=np.zeros((2, 3), dtype=np.uint16))
    with pytest.raises(InputError, match=r"\(2, 3\).*\(48, 64\)"):
        integrated_image(context(plan), recorded(beam), small, 1)
    with pytest.raises(InputError, match="panel never identified itself"):
        integrated_image(context(plan, None), recorded(beam), frame(beam), 1)
    other = replace(frame(beam, 2, 2), cu_per_count=0.5)
    with pytest.raises(InputError, match="calibration"):
        list(cine_images(context(plan), recorded(beam), [frame(beam, 1, 2), other], 1))


def test_equal_deliveries_give_equal_bytes() -> None:
    plan = generate("vmat", M120, seed=2)
    assert integrated(plan) == integrated(generate("vmat", M120, seed=2))


def test_names_and_dates_come_from_the_delivery() -> None:
    plan = named(generate("open-field", M120), PatientName="山田^太郎")
    dataset = opened(integrated(plan))
    assert str(dataset.PatientName) == "山田^太郎"
    assert dataset.AcquisitionDate == "20231114"
    assert dataset.AcquisitionTime == "221325.123456"
    assert STARTED_NS % 1_000_000_000 == 123_456_000
