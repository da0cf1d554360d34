"""What the store holds of a delivery, as evidence for reconciliation.

A delivery that has just ended and one of last year go the same way.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gateway.adapters.frame_spool import SpooledFrames, spool_file
from gateway.delivery.beam_end import telemetry_file
from gateway.delivery.event_bodies import (
    BeamBody,
    BeamEndBody,
    FramesBody,
    IncidentBody,
    ReadBackBody,
    bodies,
)
from gateway.delivery.ledger import INTERRUPTED, BeamEntry, DeliveryEntry
from gateway.dicom.plan_file import read_plan_bytes
from gateway.domain.delivery import (
    BeamDelivery,
    FrameKind,
    Interlock,
    MachineState,
    PortalFrame,
    ReadBack,
)
from gateway.domain.errors import InputError, PlanRejected
from gateway.domain.evidence import BeamEvidence, FrameRecord, LinkIncident
from gateway.domain.plan import TreatmentPlan
from gateway.domain.program import MachineProgram
from gateway.domain.telemetry import BeamTelemetry
from gateway.formats.program_file import read_program
from gateway.formats.telemetry_parquet import read_telemetry
from gateway.formats.telemetry_rows import telemetry_from_rows
from gateway.planning.compile import planned_trajectory
from gateway.ports.store import RecordReader, StoredEvent
from gateway.reconcile import delivered_trajectory

_NO_PIXELS = np.empty((0, 0), dtype=np.uint16)


def stored_plan(store: RecordReader, entry: DeliveryEntry) -> TreatmentPlan:
    """The plan that a delivery was made from. Raises InputError, PlanRejected."""
    content = _read(store.directory(entry.delivery_id) / "plan.dcm")
    plan, findings = read_plan_bytes(content, "plan.dcm").resolve(entry.fraction_group)
    if plan is None:
        raise PlanRejected(findings)
    return plan


def stored_program(store: RecordReader, delivery_id: str, beam_number: int) -> MachineProgram:
    """The program that was loaded for a beam. Raises InputError."""
    return read_program(_read(store.directory(delivery_id) / f"program_beam_{beam_number}.npz"))


def stored_frames(store: RecordReader, delivery_id: str, beam_number: int) -> Sequence[PortalFrame]:
    """The portal frames of a beam while their pixels are still on disk; else none."""
    for body in bodies(store.events(delivery_id), "frames", FramesBody):
        if body["beam"] == beam_number:
            frames = tuple(_frame(beam_number, row) for row in body["frames"])
            shapes = tuple((row[8], row[9]) for row in body["frames"])
            path = spool_file(store.directory(delivery_id), beam_number)
            spooled = SpooledFrames(path, frames, shapes)
            return spooled if spooled.whole else ()
    return ()


def beam_evidence(
    store: RecordReader, entry: DeliveryEntry, plan: TreatmentPlan
) -> tuple[BeamEvidence, ...]:
    """Evidence of every beam that was begun, in the order delivered."""
    events = store.events(entry.delivery_id)
    begun = bodies(events, "beam-intent", BeamBody)
    return tuple(_evidence(store, entry, plan, events, body["beam"]) for body in begun)


def beam_telemetry(
    store: RecordReader, delivery_id: str, program: MachineProgram
) -> BeamTelemetry | None:
    """What came back of a beam: its file, or the rows that a killed gateway had committed."""
    number = program.beam_number
    path = store.directory(delivery_id) / telemetry_file(number)
    if path.exists():
        telemetry = read_telemetry(_read(path))
    else:
        rows = store.samples(delivery_id, number)
        no_couch = np.empty(0, dtype=np.int64)
        telemetry = telemetry_from_rows(number, program.layout, rows, no_couch, {})
    return telemetry if telemetry.sequence.size else None


def _evidence(
    store: RecordReader,
    entry: DeliveryEntry,
    plan: TreatmentPlan,
    events: Sequence[StoredEvent],
    number: int,
) -> BeamEvidence:
    program = stored_program(store, entry.delivery_id, number)
    ours = [event for event in events if event.body.get("beam") == number]
    telemetry = beam_telemetry(store, entry.delivery_id, program)
    frames, sent = _frame_records(ours)
    return BeamEvidence(
        beam=plan.beams[number],
        program=program,
        planned=planned_trajectory(program),
        delivered=None if telemetry is None else delivered_trajectory(telemetry, program),
        telemetry=telemetry,
        read_back=_read_back(ours),
        delivery=_delivery(ours, entry.beams[number], telemetry),
        mu_per_pulse=entry.mu_per_pulse,
        frames=frames,
        frames_sent=sent,
        incidents=_incidents(ours),
    )


def _delivery(
    events: Sequence[StoredEvent], beam: BeamEntry, telemetry: BeamTelemetry | None
) -> BeamDelivery:
    """As recorded at its end; else what can be said of a beam whose gateway was lost."""
    ended = bodies(events, "beam-end", BeamEndBody)
    times = [event.at_ns for event in events if event.kind != "counter"]
    samples = 0 if telemetry is None else int(telemetry.sequence.size)
    return BeamDelivery(
        beam_number=beam.number,
        beam_name=beam.name,
        planned_mu=beam.planned_mu,
        start_meterset_mu=beam.start_meterset_mu,
        end_meterset_mu=beam.end_meterset_mu,
        termination_status=beam.termination_status,
        termination_reason=beam.termination_reason or ("" if ended else INTERRUPTED),
        interlocks=tuple(ended[-1]["interlocks"]) if ended else (),
        samples=ended[-1]["samples"] if ended else samples,
        lost_samples=ended[-1]["lost_samples"] if ended else _lost(telemetry),
        started_ns=ended[-1]["started_ns"] if ended else times[0],
        ended_ns=ended[-1]["ended_ns"] if ended else times[-1],
    )


def _lost(telemetry: BeamTelemetry | None) -> int:
    if telemetry is None:
        return 0
    return int(np.clip(np.diff(telemetry.sequence) - 1, 0, None).sum())


def _read_back(events: Sequence[StoredEvent]) -> ReadBack | None:
    for body in bodies(events, "read-back", ReadBackBody):
        return ReadBack(
            state=MachineState(body["state"]),
            interlocks=Interlock(body["interlocks"]),
            beam_number=body["beam"],
            mode=body["mode"],
            accessories=tuple(body["accessories"]),
            start_meterset_mu=body["start_meterset_mu"],
            end_meterset_mu=body["end_meterset_mu"],
            program_crc32=body["program_crc32"],
            positions=np.array(body["positions"], dtype=np.int32),
        )
    return None


def _frame_records(events: Sequence[StoredEvent]) -> tuple[tuple[FrameRecord, ...], int | None]:
    for body in bodies(events, "frames", FramesBody):
        number = body["beam"]
        records = tuple(FrameRecord.of(_frame(number, row)) for row in body["frames"])
        return records, body["sent"]
    return (), None


def _frame(beam_number: int, row: Sequence[Any]) -> PortalFrame:
    kind, number, start_ns, end_ns, start_mu, end_mu, saturated, cu_per_count, *_ = row
    return PortalFrame(
        kind=FrameKind(kind),
        beam_number=beam_number,
        number=number,
        start_time_ns=start_ns,
        end_time_ns=end_ns,
        start_meterset_mu=start_mu,
        end_meterset_mu=end_mu,
        cu_per_count=cu_per_count,
        saturated=saturated,
        pixels=_NO_PIXELS,
    )


def _incidents(events: Sequence[StoredEvent]) -> tuple[LinkIncident, ...]:
    return tuple(
        LinkIncident(body["device"], body["code"], body["text"], body["control_point"])
        for body in bodies(events, "incident", IncidentBody)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
