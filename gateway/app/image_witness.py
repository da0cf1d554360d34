"""The portal image of a stored beam as a third witness beside plan and log."""

import logging
from collections.abc import Mapping, Sequence

from gateway.app.evidence import stored_plan
from gateway.app.intake import choose_room, find_room
from gateway.app.stored_image import stored_image
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import ConfigError, PlanRejected
from gateway.domain.evidence import BeamEvidence, FrameRecord
from gateway.domain.gamma import GammaCriteria
from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.room import Room
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import NS_PER_S
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
    """By beam number, for every beam with an image that is not saturated.

    ``logs`` are the machine's own, by beam number; without one the telemetry stands for it.

    Second the beams whose image could not be compared, whatever the reason: the other witnesses
    are judged all the same.

    The frames of a cine run are judged as their sum. A beam with a phantom in it is not predicted.
    """
    imaged = [item for item in evidence if item.delivered is not None and _is_one_image(item)]
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


def _is_one_image(item: BeamEvidence) -> bool:
    kinds = [frame.kind for frame in item.frames]
    return kinds == [FrameKind.INTEGRATED] or set(kinds) == {FrameKind.CINE}


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
    from gateway.reconcile.witnesses.frames import missing_spans

    if any(frame.saturated for frame in item.frames):
        return None
    panel = room.panel
    stored = stored_image(store, entry, item, (panel.rows, panel.columns))
    if stored is None:
        return None
    frames = stored.frames
    return ImageWitness(
        image=PortalImage(stored.pixels, "CU", _believed(room), beam_number=item.beam.number),
        machine=room.machine,
        panel=panel,
        mode=item.program.mode.name,
        start_mu=min(frame.start_meterset_mu for frame in frames),
        end_mu=max(frame.end_meterset_mu for frame in frames),
        readouts=sum(_readouts(frame, panel.maximum_frame_rate_hz) for frame in frames),
        cu_per_count=stored.step,
        frames=len(frames),
        missing=tuple(missing_spans(frames, item.mu_per_pulse)),
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
