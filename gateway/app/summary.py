"""``summary.json``: the result of a delivery for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.app.machine_files import log_names
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding
from gateway.domain.gamma import GammaMap
from gateway.domain.reconciliation import (
    Cause,
    ErrorStatistics,
    PairReconciliation,
    Reconciliation,
    Verdict,
)
from gateway.domain.witnesses import Diagnosis, Difference, WitnessMatrix


def delivery_summary(
    entry: DeliveryEntry,
    evidence: Sequence[BeamEvidence],
    findings: Sequence[Finding],
    reconciliation: Reconciliation,
    images: Mapping[int, int],
    logs: Mapping[int, str],
) -> dict[str, Any]:
    """The summary of a delivery that came to an intent; ``images`` counts objects by beam.

    ``logs`` are the files of the machine's own that were heard as witnesses, by beam number.
    """
    statistics = {
        beam.beam_number: beam.motion.errors
        for beam in reconciliation.beams
        if beam.motion is not None
    }
    witnesses = {beam.beam_number: beam.witnesses for beam in reconciliation.beams}
    pairs = {beam.beam_number: [*map(pair_row, beam.pairs)] for beam in reconciliation.beams}
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
            | {
                "image": witness_rows(witnesses.get(item.beam.number)),
                "log": logs.get(item.beam.number),
                "pairs": pairs.get(item.beam.number, []),
            }
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


def witness_rows(matrix: WitnessMatrix | None) -> dict[str, Any] | None:
    """What the portal image says of a beam in JSON; None where there is none."""
    if matrix is None:
        return None
    image = matrix.image
    return {
        "log": matrix.log_source,
        "passed": image.passed,
        "rms_sigma": round(image.rms_sigma, 4),
        "amplitude": round(image.amplitude.value, 6),
        "panel_mm": [round(one.value, 4) for one in image.panel_mm],
        "gamma_pass_percent": _gamma_rate(image.gamma),
        "differing": [
            {
                "axis": row.axis,
                "bank": row.bank,
                "leaf": row.leaf,
                "unit": row.unit,
                "log_minus_plan": _told(row.logged_minus_planned),
                "image_minus_plan": _told(row.image_minus_planned),
                "image_minus_log": _told(row.image_minus_logged),
                "diagnosis": row.diagnosis.value,
            }
            for row in matrix.rows
            if row.diagnosis is not Diagnosis.CORRECT
        ],
    }


def _gamma_rate(gamma: GammaMap | None) -> float | None:
    return None if gamma is None or not gamma.counted else round(gamma.pass_rate_percent, 3)


def _told(difference: Difference) -> dict[str, float] | None:
    """None where a witness cannot tell."""
    if not math.isfinite(difference.uncertainty):
        return None
    return {"value": round(difference.value, 6), "uncertainty": round(difference.uncertainty, 6)}


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


def pair_row(pair: PairReconciliation) -> dict[str, Any]:
    """Two witnesses of a beam against each other in JSON."""
    meterset = pair.meterset
    return {
        "witnesses": list(pair.witnesses),
        "beam": pair.beam_number,
        "name": pair.beam_name,
        "verdict": pair.verdict.value,
        "exceeded": list(pair.exceeded),
        "meterset_mu": None
        if meterset is None
        else _rounded((meterset.planned_mu, meterset.delivered_mu)),
        "covered_leaves": pair.covered_leaves,
        "errors": error_rows(pair.errors),
        "causes": [cause_row(cause) for cause in pair.causes],
    }


def _rounded(metersets_mu: Sequence[float]) -> list[float]:
    return [round(meterset_mu, 6) for meterset_mu in metersets_mu]


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
