"""Portal images as RT Image objects (PS3.3 A.17.3, C.8.8.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.uid import RTImageStorage, RTPlanStorage

from gateway.dicom.common_modules import (
    add_equipment,
    add_frame_of_reference,
    add_operators,
    add_series,
    new_object,
    sop_reference,
)
from gateway.dicom.delivered_path import delivered_path
from gateway.dicom.elements import clipped, date, ds, paragraph, term, time
from gateway.dicom.exposures import (
    Exposure,
    add_positions,
    exposure_item,
    exposures,
    metersets_of_segments,
)
from gateway.dicom.image_plane import ImagePlane
from gateway.dicom.pixel_file import PixelFile
from gateway.domain.delivery import PanelIdentity, PortalFrame
from gateway.domain.errors import InputError
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.domain.units import NS_PER_S, PixelArray

NS_PER_MS = NS_PER_S // 1000
FRAME_TIME_TAG = 0x00181063
LARGEST_CINE_BYTES = 512 * 2**20


def integrated_image(
    context: RecordContext, recorded: RecordedBeam, frame: PortalFrame, instance_number: int
) -> bytes:
    """The single-frame RT Image of a beam's integral.

    Moving fields have one exposure per plan control point interval, 64 at most, each with the
    positions at its middle. Raises InputError where the room has no panel or the frame is not of
    the panel's size.
    """
    plane = _plane(context)
    edges = metersets_of_segments(recorded.beam, frame.start_meterset_mu, frame.end_meterset_mu)
    parts = exposures(recorded, np.column_stack([edges[:-1], edges[1:]]), plane)
    dataset = _image(context, recorded, (frame,), instance_number, parts)
    dataset.ExposureSequence = [exposure_item(recorded.beam, part) for part in parts]
    file = PixelFile(dataset)
    file.add(_pixels(frame, plane))
    return file.content()


def cine_images(
    context: RecordContext,
    recorded: RecordedBeam,
    frames: Sequence[PortalFrame],
    first_instance_number: int,
    max_bytes: int = LARGEST_CINE_BYTES,
) -> Iterator[bytes]:
    """The multi-frame RT Images of a cine run, in the order of ``frames``, one at a time.

    Each holds at most ``max_bytes`` of pixels (one frame at least) and one exposure per frame.
    Pixels are taken from ``frames`` one frame at a time. Raises as ``integrated_image`` does.
    """
    plane = _plane(context)
    frame_bytes = 2 * plane.rows * plane.columns
    share = max(1, max_bytes // frame_bytes)
    for part, first in enumerate(range(0, len(frames), share)):
        places = range(first, min(first + share, len(frames)))
        yield _cine_image(context, recorded, frames, places, first_instance_number + part)


def is_truncated(context: RecordContext, recorded: RecordedBeam) -> bool:
    """Whether the field was larger than the panel somewhere along the imaged beam."""
    if context.panel is None or not recorded.frames:
        return False
    start_mu = recorded.frames[0].start_meterset_mu
    end_mu = recorded.frames[-1].end_meterset_mu
    edges = metersets_of_segments(recorded.beam, start_mu, end_mu)
    spans = np.column_stack([edges[:-1], edges[1:]])
    return any(part.truncated for part in exposures(recorded, spans, _plane(context)))


def _cine_image(
    context: RecordContext,
    recorded: RecordedBeam,
    frames: Sequence[PortalFrame],
    places: range,
    instance_number: int,
) -> bytes:
    plane = _plane(context)
    headers = tuple(_header(frames[place]) for place in places)
    spans = np.array([[frame.start_meterset_mu, frame.end_meterset_mu] for frame in headers])
    parts = exposures(recorded, spans, plane)
    dataset = _image(context, recorded, headers, instance_number, parts)
    dataset.ExposureSequence = [exposure_item(recorded.beam, part) for part in parts]
    for number, item in enumerate(dataset.ExposureSequence, start=1):
        item.ReferencedFrameNumber = number
    dataset.NumberOfFrames = len(headers)
    dataset.FrameIncrementPointer = FRAME_TIME_TAG
    dataset.FrameTime = ds(round(_frame_time_ms(headers), 3))
    file = PixelFile(dataset)
    for place in places:
        file.add(_pixels(frames[place], plane))
    return file.content()


def _image(
    context: RecordContext,
    recorded: RecordedBeam,
    frames: Sequence[PortalFrame],
    instance_number: int,
    parts: Sequence[Exposure],
) -> Dataset:
    panel, plane = _panel(context), _plane(context)
    instance_uid = context.uid(f"image:{instance_number}")
    dataset = new_object(context.plan, RTImageStorage, instance_uid, context.written_ns)
    add_series(dataset, "RTIMAGE", context.uid("image-series"), 2, "Portal images")
    add_operators(dataset, context.operators)
    add_equipment(
        dataset,
        panel.manufacturer,
        panel.model_name,
        panel.serial_number,
        panel.software_version,
        context.software_version,
    )
    add_frame_of_reference(dataset, context.plan)
    _add_image_pixel(dataset, plane, frames)
    _add_acquisition(dataset, recorded, instance_number, frames, parts)
    plane.add_to(dataset)
    _add_references(dataset, context, recorded, frames)
    _add_stand(dataset, recorded, parts)
    return dataset


def _add_acquisition(
    dataset: Dataset,
    recorded: RecordedBeam,
    instance_number: int,
    frames: Sequence[PortalFrame],
    parts: Sequence[Exposure],
) -> None:
    beam = recorded.beam
    started_ns = recorded.delivery.started_ns
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "PORTAL"]
    dataset.InstanceNumber = instance_number
    dataset.AcquisitionNumber = instance_number
    dataset.AcquisitionDate = dataset.ContentDate = date(started_ns)
    dataset.AcquisitionTime = dataset.ContentTime = time(started_ns)
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    comments = _comments(frames, parts)
    if comments:
        dataset.ImageComments = paragraph(comments, 10240)
    dataset.ConversionType = "DI"
    dataset.RTImageLabel = clipped(f"B{beam.number} I{instance_number}", 16)
    dataset.RTImageName = clipped(beam.name, 64)
    dataset.RTImageDescription = paragraph(beam.description, 1024)
    dataset.ReportedValuesOrigin = "PLAN" if delivered_path(recorded) is None else "ACTUAL"


def _comments(frames: Sequence[PortalFrame], parts: Sequence[Exposure]) -> str:
    notes = []
    if any(part.truncated for part in parts):
        notes.append("Truncated: the field is larger than the panel.")
    saturated = sum(frame.saturated for frame in frames)
    if saturated:
        notes.append(f"Saturated: {saturated} pixels at the top of the range.")
    return " ".join(notes)


def _add_image_pixel(dataset: Dataset, plane: ImagePlane, frames: Sequence[PortalFrame]) -> None:
    slopes = {frame.cu_per_count for frame in frames}
    if len(slopes) != 1:
        raise InputError("frames of one image differ in their calibration (CU per count)")
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = plane.rows
    dataset.Columns = plane.columns
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = "LIN"
    dataset.PixelIntensityRelationshipSign = 1
    dataset.RescaleIntercept = "0"
    dataset.RescaleSlope = ds(slopes.pop())
    dataset.RescaleType = "CU"


def _add_references(
    dataset: Dataset,
    context: RecordContext,
    recorded: RecordedBeam,
    frames: Sequence[PortalFrame],
) -> None:
    beam, plan = recorded.beam, context.plan
    dataset.RadiationMachineName = clipped(context.machine_name, 16)
    dataset.PrimaryDosimeterUnit = beam.primary_dosimeter_unit or "MU"
    dataset.ReferencedRTPlanSequence = [sop_reference(RTPlanStorage, plan.sop_instance_uid)]
    dataset.ReferencedBeamNumber = beam.number
    dataset.ReferencedFractionGroupNumber = plan.fraction_group.number
    dataset.FractionNumber = context.fraction_number
    start, end = frames[0].start_meterset_mu, frames[-1].end_meterset_mu
    weight_per_mu = beam.final_meterset_weight / beam.meterset_mu
    dataset.StartCumulativeMetersetWeight = ds(round(start * weight_per_mu, 8))
    dataset.EndCumulativeMetersetWeight = ds(round(end * weight_per_mu, 8))


def _add_stand(dataset: Dataset, recorded: RecordedBeam, parts: Sequence[Exposure]) -> None:
    beam = recorded.beam
    add_positions(dataset, parts[0].motion)
    if beam.isocenter_mm is not None and beam.patient_position:
        dataset.IsocenterPosition = [ds(value) for value in beam.isocenter_mm]
        dataset.PatientPosition = term(beam.patient_position)


def _panel(context: RecordContext) -> PanelIdentity:
    if context.panel is None:
        raise InputError("an image cannot be written: the room's panel never identified itself")
    return context.panel


def _plane(context: RecordContext) -> ImagePlane:
    return ImagePlane.of(_panel(context), context.sad_mm)


def _pixels(frame: PortalFrame, plane: ImagePlane) -> PixelArray:
    if frame.pixels.shape != (plane.rows, plane.columns):
        raise InputError(
            f"frame {frame.number} of beam {frame.beam_number} is {frame.pixels.shape}, "
            f"the panel says {(plane.rows, plane.columns)} rows and columns"
        )
    return frame.pixels


def _header(frame: PortalFrame) -> PortalFrame:
    return replace(frame, pixels=np.empty((0, 0), dtype=np.uint16))


def _frame_time_ms(frames: Sequence[PortalFrame]) -> float:
    first, last = frames[0], frames[-1]
    if len(frames) == 1:
        return (first.end_time_ns - first.start_time_ns) / NS_PER_MS
    return (last.start_time_ns - first.start_time_ns) / (len(frames) - 1) / NS_PER_MS
