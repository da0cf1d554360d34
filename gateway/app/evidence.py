"""What the store holds of a delivery, as evidence for reconciliation.

A delivery that has just ended and one of last year go the same way.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from gateway.delivery.beam_run import telemetry_file
from gateway.delivery.ledger import BeamEntry, DeliveryEntry
from gateway.dicom.plan_file import read_plan_bytes
from gateway.domain.delivery import (
    BeamDelivery,
    FrameKind,
    Interlock,
    MachineState,
    ReadBack,
    TerminationStatus,
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

INTERRUPTED = "the gateway was lost during the beam"


def stored_plan(store: RecordReader, entry: DeliveryEntry) -> TreatmentPlan:
    """The plan that a delivery was made from. Raises InputError, PlanRejected."""
    content = _read(store.directory(entry.delivery_id) / "plan.dcm")
    plan, findings = read_plan_bytes(content, "plan.dcm").resolve(entry.fraction_group)
    if plan is None:
        raise PlanRejected(findings)
    return plan


def beam_evidence(
    store: RecordReader, entry: DeliveryEntry, plan: TreatmentPlan
) -> tuple[BeamEvidence, ...]:
    """Evidence of every beam that was begun, in the order delivered."""
    events = store.events(entry.delivery_id)
    begun = [_body(event)["beam"] for event in events if event.kind == "beam-intent"]
    return tuple(_evidence(store, entry, plan, events, int(number)) for number in begun)


def _evidence(
    store: RecordReader,
    entry: DeliveryEntry,
    plan: TreatmentPlan,
    events: Sequence[StoredEvent],
    number: int,
) -> BeamEvidence:
    directory = store.directory(entry.delivery_id)
    program = read_program(_read(directory / f"program_beam_{number}.npz"))
    ours = [event for event in events if event.body.get("beam") == number]
    telemetry = _telemetry(store, entry, program)
    frames, sent = _frames(ours)
    return BeamEvidence(
        beam=plan.beams[number],
        program=program,
        planned=planned_trajectory(program),
        delivered=None if telemetry is None else delivered_trajectory(telemetry, program),
        telemetry=telemetry,
        read_back=_read_back(ours),
        delivery=_delivery(ours, entry.beams[number], entry.started_ns, telemetry),
        mu_per_pulse=cast("float", entry.intent["mu_per_pulse"]),
        frames=frames,
        frames_sent=sent,
        incidents=_incidents(ours),
    )


def _telemetry(
    store: RecordReader, entry: DeliveryEntry, program: MachineProgram
) -> BeamTelemetry | None:
    number = program.beam_number
    path = store.directory(entry.delivery_id) / telemetry_file(number)
    if path.exists():
        telemetry = read_telemetry(_read(path))
    else:
        rows = store.samples(entry.delivery_id, number)
        no_couch = np.empty(0, dtype=np.int64)
        telemetry = telemetry_from_rows(number, program.layout, rows, no_couch, {})
    return telemetry if telemetry.sequence.size else None


def _delivery(
    events: Sequence[StoredEvent],
    beam: BeamEntry,
    started_ns: int,
    telemetry: BeamTelemetry | None,
) -> BeamDelivery:
    body: Mapping[str, Any] = {}
    for event in events:
        if event.kind == "beam-end":
            body = _body(event)
    times = [event.at_ns for event in events] or [started_ns]
    samples = 0 if telemetry is None else int(telemetry.sequence.size)
    return BeamDelivery(
        beam_number=beam.number,
        beam_name=beam.name,
        planned_mu=beam.planned_mu,
        start_meterset_mu=beam.start_meterset_mu,
        end_meterset_mu=beam.end_meterset_mu,
        termination_status=TerminationStatus(body.get("termination_status", "UNKNOWN")),
        termination_reason=body.get("termination_reason", INTERRUPTED),
        interlocks=tuple(body.get("interlocks", ())),
        samples=int(body.get("samples", samples)),
        lost_samples=int(body.get("lost_samples", 0)),
        started_ns=int(body.get("started_ns", times[0])),
        ended_ns=int(body.get("ended_ns", times[-1])),
    )


def _read_back(events: Sequence[StoredEvent]) -> ReadBack | None:
    for event in events:
        if event.kind == "read-back":
            body = _body(event)
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


def _frames(events: Sequence[StoredEvent]) -> tuple[tuple[FrameRecord, ...], int | None]:
    for event in events:
        if event.kind == "frames":
            body = _body(event)
            records = tuple(FrameRecord(FrameKind(row[0]), *row[1:]) for row in body["frames"])
            return records, body["sent"]
    return (), None


def _incidents(events: Sequence[StoredEvent]) -> tuple[LinkIncident, ...]:
    bodies = (_body(event) for event in events if event.kind == "incident")
    return tuple(
        LinkIncident(body["device"], body["code"], body["text"], body["control_point"])
        for body in bodies
    )


def _body(event: StoredEvent) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", event.body)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
