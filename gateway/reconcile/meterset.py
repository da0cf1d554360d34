"""Delivered against planned meterset and dose rate."""

import numpy as np

from gateway.domain.delivery import TerminationStatus
from gateway.domain.evidence import BeamEvidence
from gateway.domain.reconciliation import Cause, DoseRateComparison, MetersetComparison
from gateway.domain.units import FloatArray
from gateway.reconcile.alignment import METERSET_RESOLUTION_MU
from gateway.reconcile.attribution import Attribution
from gateway.reconcile.errors import BeamErrors
from gateway.reconcile.signature import first_beyond

PATH_RESOLUTION = 1e-4
"""Path positions travel in 1/10,000 of a control point."""
OUTPUT_CONSTANCY = 0.02
"""Meterset errors are weighed against this part of the session's meterset (TG-142: 2 %)."""


def compare_meterset(evidence: BeamEvidence, errors: BeamErrors | None) -> MetersetComparison:
    """Where the session left the beam's meterset; ``errors`` is None if it was never on."""
    planned = evidence.program.end_meterset_mu
    counter = evidence.delivery.end_meterset_mu
    delivered = counter
    if delivered is None:
        seen = errors.delivered.meterset_mu if errors is not None else None
        delivered = evidence.program.start_meterset_mu if seen is None else float(seen.max())
    worst = 0.0
    if errors is not None:
        error = meterset_path_error(errors)
        worst = float(error[np.argmax(np.abs(error))])
    return MetersetComparison(
        planned_mu=planned,
        delivered_mu=delivered,
        certain=counter is not None,
        error_pulses=(delivered - planned) / evidence.mu_per_pulse,
        worst_mu=worst,
    )


def is_complete(evidence: BeamEvidence, meterset: MetersetComparison) -> bool:
    """Ended normally with the planned meterset, by the machine's counter, within one pulse."""
    return (
        evidence.delivery.termination_status is TerminationStatus.NORMAL
        and meterset.certain
        and within_a_pulse(meterset, evidence.mu_per_pulse)
    )


def within_a_pulse(meterset: MetersetComparison, mu_per_pulse: float) -> bool:
    """Whether the meterset at the end is the planned one as well as pulses allow."""
    error = abs(meterset.delivered_mu - meterset.planned_mu)
    return error <= mu_per_pulse + 2 * METERSET_RESOLUTION_MU


def meterset_path_error(errors: BeamErrors) -> FloatArray:
    """Delivered meterset minus the one planned at the machine's path position, per sample."""
    planned = errors.path.meterset_at(errors.delivered.control_point)
    error: FloatArray = errors.delivered.meterset_mu - planned
    return error


def meterset_path_limit_mu(errors: BeamErrors, mu_per_pulse: float) -> float:
    """What pulses and the resolution of the path position can make of that difference."""
    steepest = float(np.diff(errors.path.meterset_mu).max(initial=0.0))
    return 2 * mu_per_pulse + 2 * PATH_RESOLUTION * steepest


def compare_dose_rate(errors: BeamErrors, mu_per_pulse: float) -> DoseRateComparison:
    """Mean delivered dose rate over the path travelled against the planned one over the same.

    Beam-off moves count in both, holds in neither.
    """
    delivered = errors.delivered
    step_s = np.diff(delivered.time_s, prepend=delivered.time_s[0])
    on_s = float(step_s[~delivered.held].sum())
    places = delivered.control_point[[0, -1]]
    planned_s = float(np.diff(errors.path.time_at(places))[0])
    planned_mu = float(np.diff(errors.path.meterset_at(places))[0])
    delivered_mu = float(delivered.meterset_mu[-1] - delivered.meterset_mu[0])
    if on_s <= 0 or planned_s <= 0 or planned_mu <= 0:
        return DoseRateComparison(0.0, 0.0, 0.0, np.inf)
    planned_rate, delivered_rate = planned_mu / planned_s * 60, delivered_mu / on_s * 60
    sample_s = float(np.median(step_s[1:])) if step_s.size > 1 else on_s
    edges = 2 + int(np.count_nonzero(np.diff(delivered.held)))
    resolution = edges * sample_s / on_s + 2 * mu_per_pulse / planned_mu
    return DoseRateComparison(
        planned_rate, delivered_rate, delivered_rate / planned_rate - 1, resolution
    )


def meterset_attributions(
    errors: BeamErrors | None, meterset: MetersetComparison, evidence: BeamEvidence
) -> list[Attribution]:
    """Too much dose, or too little although the beam ended normally.

    Judged at the end by the counter and along the path by telemetry. A beam that was ended early
    has a reason of its own.
    """
    error_mu = meterset.delivered_mu - meterset.planned_mu
    if within_a_pulse(meterset, evidence.mu_per_pulse) or (error_mu < 0 and _stopped(evidence)):
        error_mu = 0.0
    if errors is not None and error_mu == 0.0 and _strays(errors, meterset, evidence):
        error_mu = meterset.worst_mu
    if error_mu == 0.0 or (error_mu < 0 and _stopped(evidence)):
        return []
    session_mu = evidence.program.end_meterset_mu - evidence.program.start_meterset_mu
    cause = Cause(
        "meterset-overrun" if error_mu > 0 else "meterset-shortfall",
        evidence.beam.number,
        control_point=_departure(errors, evidence),
        error=error_mu,
        unit="MU",
    )
    limit_mu = max(evidence.mu_per_pulse, OUTPUT_CONSTANCY * session_mu)
    return [Attribution(cause, abs(error_mu) / limit_mu, 1.0)]


def _strays(errors: BeamErrors, meterset: MetersetComparison, evidence: BeamEvidence) -> bool:
    return abs(meterset.worst_mu) > meterset_path_limit_mu(errors, evidence.mu_per_pulse)


def _departure(errors: BeamErrors | None, evidence: BeamEvidence) -> int:
    """Where delivered meterset leaves the planned course; the last control point if nowhere."""
    last = int(evidence.program.plan_control_point[-1])
    if errors is None:
        return last
    error = meterset_path_error(errors)
    limit = meterset_path_limit_mu(errors, evidence.mu_per_pulse)
    if not (np.abs(error) > limit).any():
        return last
    return first_beyond(error, errors.delivered.control_point, limit)


def _stopped(evidence: BeamEvidence) -> bool:
    return evidence.delivery.termination_status is not TerminationStatus.NORMAL
