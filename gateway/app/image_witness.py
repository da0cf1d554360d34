"""The portal image of a stored beam as a third witness beside plan and log."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from gateway.app.evidence import stored_frames, stored_plan
from gateway.app.intake import choose_room, find_room
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import ConfigError, PlanRejected
from gateway.domain.evidence import BeamEvidence, FrameRecord
from gateway.domain.gamma import GammaCriteria
from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.room import Room
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import NS_PER_S, FloatArray, frozen
from gateway.domain.witnesses import ImageWitness, WitnessMatrix
from gateway.ports.store import RecordReader
from gateway.settings import Settings

_log = logging.getLogger(__name__)


def image_witnesses(
    store: RecordReader,
    entry: DeliveryEntry,
    evidence: Sequence[BeamEvidence],
    logs: Mapping[int, Trajectory],
    settings: Settings,
    criteria: GammaCriteria | None = None,
) -> tuple[Mapping[int, WitnessMatrix], Sequence[int]]:
    """By beam number, for every beam with an integrated image that is not saturated.

    ``logs`` are the machine's own, by beam number; without one the telemetry stands for it.

    Second the beams whose image could not be compared, whatever the reason: the other witnesses
    are judged all the same.

    A beam with a phantom in it is not predicted. A cine run's frames are looked at by their
    numbers only: what is judged again later must come out as it did, and their sum is not kept.
    """
    imaged = [
        item
        for item in evidence
        if item.delivered is not None
        and [frame.kind for frame in item.frames] == [FrameKind.INTEGRATED]
    ]
    if not imaged:
        return {}, ()
    try:
        room = _room(store, entry, settings)
    except (ConfigError, PlanRejected) as problem:
        _log.error("%s: no image compared: %s", entry.delivery_id, problem)
        return {}, [item.beam.number for item in imaged]
    if room.phantom is not None or "phantom" in entry.intent:
        return {}, ()
    found, failed = {}, []
    for item in imaged:
        number = item.beam.number
        try:
            matrix = _matrix(store, entry, item, logs.get(number), room, criteria)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the rest is written
            kind = type(problem).__name__
            _log.error(
                "%s: beam %d: no image compared: %s: %s", entry.delivery_id, number, kind, problem
            )
            failed.append(number)
            continue
        if matrix is not None:
            found[number] = matrix
    return found, failed


def _matrix(
    store: RecordReader,
    entry: DeliveryEntry,
    item: BeamEvidence,
    log: Trajectory | None,
    room: Room,
    criteria: GammaCriteria | None,
) -> WitnessMatrix | None:
    from gateway.reconcile.witnesses import compare_witnesses

    witness = _witness(store, entry, item, room)
    if witness is None or item.delivered is None:
        return None
    return compare_witnesses(item.planned, log or item.delivered, witness, criteria)


def _witness(
    store: RecordReader, entry: DeliveryEntry, item: BeamEvidence, room: Room
) -> ImageWitness | None:
    if any(frame.saturated for frame in item.frames):
        return None
    read = _pixels(store, entry, item.beam.number, (room.panel.rows, room.panel.columns))
    if read is None:
        return None
    (frame,) = item.frames
    pixels, step = read
    return ImageWitness(
        image=PortalImage(pixels, "CU", _believed(room), beam_number=item.beam.number),
        machine=room.machine,
        panel=room.panel,
        mode=item.program.mode.name,
        start_mu=frame.start_meterset_mu,
        end_mu=frame.end_meterset_mu,
        readouts=_readouts(frame, room.panel.maximum_frame_rate_hz),
        cu_per_count=step,
    )


def _room(store: RecordReader, entry: DeliveryEntry, settings: Settings) -> Room:
    """As it was for the delivery: one that the plan's devices chose is made to their measure."""
    if entry.intent["room_derived"]:
        return choose_room(stored_plan(store, entry), settings, None)[0]
    return find_room(settings, entry.room)


def _believed(room: Room) -> ImageGeometry:
    """The panel where its machine believes it to be."""
    panel = room.panel
    return ImageGeometry(
        (panel.pitch_mm, panel.pitch_mm),
        (-0.5 * (panel.columns - 1) * panel.pitch_mm, 0.5 * (panel.rows - 1) * panel.pitch_mm),
        panel.sid_mm,
        room.machine.sad_mm,
    )


def _readouts(frame: FrameRecord, rate_hz: float) -> int:
    duration_s = (frame.end_time_ns - frame.start_time_ns) / NS_PER_S
    return max(1, round(duration_s * rate_hz))


def _pixels(
    store: RecordReader, entry: DeliveryEntry, beam_number: int, shape: tuple[int, int]
) -> tuple[FloatArray, float] | None:
    """The frame in CU and its step: from the spool, later from the image object."""
    spooled = stored_frames(store, entry.delivery_id, beam_number)
    if spooled:
        frame = spooled[0]
        if frame.pixels.shape != shape:
            return None
        return frozen(frame.pixels * frame.cu_per_count), frame.cu_per_count
    path = store.directory(entry.delivery_id) / f"image_beam_{beam_number}.dcm"
    if not path.is_file():
        return None
    from gateway.dicom.rt_image_reader import portal_images

    image = next(portal_images(path))
    if image.pixels.shape != shape or image.unit != "CU":
        return None
    return image.pixels, count_step(image.pixels)


def count_step(pixels: FloatArray) -> float:
    """The smallest difference of two values: what one count is."""
    values = np.unique(pixels)
    return float(np.diff(values).min()) if values.size > 1 else 0.0
