"""``summary.json``: the result of a delivery for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.app.machine_files import log_names
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding
from gateway.domain.reconciliation import Cause, ErrorStatistics, Reconciliation, Verdict


def delivery_summary(
    entry: DeliveryEntry,
    evidence: Sequence[BeamEvidence],
    findings: Sequence[Finding],
    reconciliation: Reconciliation,
    images: Mapping[int, int],
) -> dict[str, Any]:
    """The summary of a delivery that came to an intent; ``images`` counts objects by beam."""
    statistics = {
        beam.beam_number: beam.motion.errors
        for beam in reconciliation.beams
        if beam.motion is not None
    }
    return {
        "delivery_id": entry.delivery_id,
        "state": entry.outcome.value,
        "verdict": reconciliation.verdict.value,
        "plan": plan_row(entry),
        "room": entry.room,
        "seed": entry.seed,
        "continues": entry.continues,
        "findings": [finding_row(finding) for finding in findings],
        "causes": [cause_row(cause) for cause in reconciliation.causes],
        "beams": [
            _beam(item, statistics.get(item.beam.number, {}), images.get(item.beam.number, 0))
            for item in evidence
        ],
        "logs": log_names(entry.files),
    }


def refusal_summary(
    findings: Sequence[Finding],
    *,
    plan: Mapping[str, Any],
    room: str | None,
    seed: int | None,
    continues: str | None,
) -> dict[str, Any]:
    """The summary of a delivery that was refused: nothing was delivered."""
    return {
        "delivery_id": None,
        "state": DeliveryOutcome.REFUSED.value,
        "verdict": Verdict.FAIL.value,
        "plan": dict(plan),
        "room": room,
        "seed": seed,
        "continues": continues,
        "findings": [finding_row(finding) for finding in findings],
        "causes": [],
        "beams": [],
        "logs": [],
    }


def as_json(summary: Mapping[str, Any]) -> str:
    """The text of ``summary.json``."""
    return json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plan_row(entry: DeliveryEntry) -> dict[str, Any]:
    """The plan of a delivery in JSON."""
    return {
        "sop_instance_uid": entry.plan_uid,
        "label": entry.plan_label,
        "fraction_group": entry.fraction_group,
        "fraction": entry.fraction,
    }


def _beam(
    item: BeamEvidence, statistics: Mapping[str, ErrorStatistics], images: int
) -> dict[str, Any]:
    delivery = item.delivery
    end_mu = delivery.end_meterset_mu
    return {
        "number": delivery.beam_number,
        "name": delivery.beam_name,
        "planned_mu": delivery.planned_mu,
        "start_mu": delivery.start_meterset_mu,
        "delivered_mu": None if end_mu is None else round(end_mu - delivery.start_meterset_mu, 6),
        "termination_status": delivery.termination_status.value,
        "termination_reason": delivery.termination_reason,
        "samples": delivery.samples,
        "lost_samples": delivery.lost_samples,
        "images": images,
        "errors": error_rows(statistics),
    }


def error_rows(statistics: Mapping[str, ErrorStatistics]) -> dict[str, dict[str, Any]]:
    """Errors by axis in JSON."""
    return {
        axis: {
            "max": errors.maximum,
            "rms": errors.rms,
            "p95": errors.p95,
            "unit": errors.unit,
        }
        for axis, errors in statistics.items()
    }


def cause_row(cause: Cause) -> dict[str, Any]:
    """A cause in JSON."""
    return {
        "cause": cause.cause,
        "beam": cause.beam,
        "device": cause.device,
        "axis": cause.axis,
        "bank": cause.bank,
        "leaf": cause.leaf,
        "frame": cause.frame,
        "control_point": cause.control_point,
        "error": cause.error,
        "unit": cause.unit,
    }


def finding_row(finding: Finding) -> dict[str, str]:
    """A finding in JSON."""
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "path": finding.path,
        "message": finding.message,
    }
