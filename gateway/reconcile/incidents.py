"""What stopped a beam or broke its record: links, interlocks, people, lost samples."""

from collections.abc import Iterable

from gateway.domain.delivery import Interlock, TerminationStatus
from gateway.domain.evidence import BeamEvidence, LinkIncident
from gateway.domain.reconciliation import Cause, TelemetryStatistics
from gateway.reconcile.attribution import Attribution

LINK_CAUSES = {
    "protocol-error": "garbage-bytes",
    "link-lost": "lost-link",
    "stale-telemetry": "stale-telemetry",
}
"""Incident codes, the most telling first: a lost link also falls silent, garbage also loses it."""

INTERLOCK_CAUSES = {
    Interlock.DOOR: "door-open",
    Interlock.EMERGENCY_STOP: "emergency-stop",
    Interlock.DEAD_MAN: "dead-man",
    Interlock.POSITION: "position-interlock",
    Interlock.DOSE_RATE: "dose-rate-interlock",
    Interlock.METERSET: "meterset-interlock",
    Interlock.MODE: "wrong-mode",
    Interlock.HARDWARE: "hardware-interlock",
}


def link_attributions(evidence: BeamEvidence, undelivered: float) -> list[Attribution]:
    """One cause a device whose link failed: the most telling of its incidents."""
    devices = dict.fromkeys(incident.device for incident in evidence.incidents)
    found = []
    for device in devices:
        mine = [incident for incident in evidence.incidents if incident.device == device]
        worst = min(mine, key=_telling)
        cause = Cause(
            LINK_CAUSES[worst.code],
            evidence.beam.number,
            control_point=_first_place(mine),
            device=device,
        )
        found.append(Attribution(cause, undelivered=undelivered if _stopped(evidence) else 0.0))
    return found


def termination_attributions(evidence: BeamEvidence, undelivered: float) -> list[Attribution]:
    """Interlocks and people that ended a beam before its time."""
    if not _stopped(evidence):
        return []
    names = [
        cause
        for flag, cause in INTERLOCK_CAUSES.items()
        if flag.name in evidence.delivery.interlocks
    ]
    if evidence.delivery.termination_status is TerminationStatus.OPERATOR:
        names.append("operator-abort")
    point = _last_place(evidence)
    return [
        Attribution(Cause(name, evidence.beam.number, control_point=point), undelivered=undelivered)
        for name in (*names, "terminated")
    ]


def lost_sample_attributions(
    evidence: BeamEvidence, telemetry: TelemetryStatistics | None
) -> list[Attribution]:
    """Telemetry samples that never came; ``error`` is how many."""
    lost = evidence.delivery.lost_samples if telemetry is None else telemetry.lost
    if lost == 0:
        return []
    cause = Cause("lost-samples", evidence.beam.number, error=float(lost), unit="samples")
    return [Attribution(cause)]


def _stopped(evidence: BeamEvidence) -> bool:
    return evidence.delivery.termination_status is not TerminationStatus.NORMAL


def _telling(incident: LinkIncident) -> int:
    return list(LINK_CAUSES).index(incident.code)


def _first_place(incidents: Iterable[LinkIncident]) -> int | None:
    places = (incident.control_point for incident in incidents)
    return next((int(place + 1e-3) for place in places if place is not None), None)


def _last_place(evidence: BeamEvidence) -> int | None:
    if evidence.delivered is None:
        return None
    return int(evidence.delivered.control_point[-1] + 1e-3)
