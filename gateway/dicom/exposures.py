"""The exposures an image is made of: how much, from where, through which aperture."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from gateway.dicom.accessory_items import add_block_sequence
from gateway.dicom.control_point_motion import ANGLES, FLOAT_ANGLES, TABLE_TOP, Motion
from gateway.dicom.delivered_path import delivered_path
from gateway.dicom.elements import ds
from gateway.dicom.field_outline import exceeds_panel, open_rectangles
from gateway.dicom.image_plane import ImagePlane
from gateway.dicom.plan_beam import add_fluence_mode, device_item
from gateway.dicom.recorded_motion import recorded_motion, recorded_positions
from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.domain.record import RecordedBeam
from gateway.domain.units import FloatArray

KV_PER_MV = 1000.0
MOST_EXPOSURES = 64


@dataclass(frozen=True, slots=True)
class Exposure:
    """One item of Exposure Sequence: ``meterset_mu`` delivered around ``motion``."""

    meterset_mu: float
    motion: Motion
    truncated: bool


def metersets_of_segments(beam: Beam, start_mu: float, end_mu: float) -> FloatArray:
    """Edges (MU, ascending) of the exposures between two cumulative metersets.

    An edge at every plan control point in between, or evenly spread ones where there would be
    more than 64 exposures.
    """
    planned = np.unique(beam.meterset_weight * beam.meterset_mu)
    inner = planned[(planned > start_mu) & (planned < end_mu)]
    edges: FloatArray = np.concatenate([[start_mu], inner, [end_mu]])
    if edges.size - 1 > MOST_EXPOSURES:
        edges = np.linspace(start_mu, end_mu, MOST_EXPOSURES + 1)
    return edges


def exposures(
    recorded: RecordedBeam, spans_mu: FloatArray, plane: ImagePlane
) -> tuple[Exposure, ...]:
    """What stood where at the middle of each of ``spans_mu`` ``(k, 2)``: start and end (MU)."""
    beam = recorded.beam
    middle = spans_mu.mean(axis=1)
    path = delivered_path(recorded)
    rows = np.zeros_like(middle) if path is None else path.rows_at_metersets(middle)
    axes, devices = recorded_positions(beam, path, rows, _control_points(beam, middle))
    return tuple(
        Exposure(
            meterset_mu=float(spans_mu[index, 1] - spans_mu[index, 0]),
            motion=recorded_motion(axes, devices, index, {}),
            truncated=_truncated(beam, axes, devices, index, plane),
        )
        for index in range(middle.size)
    )


def _control_points(beam: Beam, metersets_mu: FloatArray) -> FloatArray:
    planned = beam.meterset_weight * beam.meterset_mu
    passed = np.searchsorted(planned, metersets_mu, side="right") - 1
    return np.clip(passed, 0, planned.size - 1).astype(np.float64)


def _truncated(
    beam: Beam,
    axes: Mapping[Axis, FloatArray],
    devices: Mapping[str, FloatArray],
    index: int,
    plane: ImagePlane,
) -> bool:
    collimator = float(axes[Axis.COLLIMATOR][index]) if Axis.COLLIMATOR in axes else 0.0
    return exceeds_panel(open_rectangles(beam, devices, index), collimator, plane)


def add_positions(item: Dataset, motion: Motion) -> None:
    """Angles and couch positions of the image or of an exposure."""
    for axis, (angle, _) in motion.angles.items():
        setattr(item, ANGLES[axis][0], float(angle) if axis in FLOAT_ANGLES else angle)
    for axis, position in motion.translations.items():
        setattr(item, TABLE_TOP[axis], position)


def exposure_item(beam: Beam, exposure: Exposure) -> Dataset:
    """The item of Exposure Sequence, without a frame number."""
    item = Dataset()
    item.KVP = ds(KV_PER_MV * beam.nominal_energy)
    item.MetersetExposure = ds(round(exposure.meterset_mu, 6))
    add_fluence_mode(item, beam)
    item.BeamLimitingDeviceSequence = []
    for device, positions in exposure.motion.devices.items():
        aperture = device_item(beam.devices[device])
        aperture.LeafJawPositions = list(positions)
        item.BeamLimitingDeviceSequence.append(aperture)
    add_block_sequence(item, beam)
    add_positions(item, exposure.motion)
    return item
