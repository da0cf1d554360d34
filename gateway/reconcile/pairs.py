"""Any two witnesses of a beam against each other: plan, telemetry, log."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gateway.domain.evidence import WitnessedBeam
from gateway.domain.reconciliation import (
    Cause,
    ErrorStatistics,
    MetersetComparison,
    PairReconciliation,
    Tolerances,
    Verdict,
)
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.reconcile.alignment import matched_control_point
from gateway.reconcile.attribution import Attribution, ranked, without_consequences
from gateway.reconcile.covered import Boundaries
from gateway.reconcile.errors import BeamErrors, beam_errors, exceeded_axes
from gateway.reconcile.meterset import OUTPUT_CONSTANCY
from gateway.reconcile.path import PlannedPath
from gateway.reconcile.positions import Ending, position_attributions

PLAN, TELEMETRY, LOG = "plan", "telemetry", "log"
NEARLY_THERE = 0.1
"""How many control points before the last a machine that went to the end may say it was."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two witnesses, and what is needed to compare them. ``resolution_mu``: of both doses."""

    names: tuple[str, str]
    witnessed: WitnessedBeam
    reference: Trajectory
    measured: Trajectory
    resolution_mu: float
    boundaries: Boundaries


def reconcile_pairs(
    witnessed: WitnessedBeam, tolerances: Tolerances
) -> tuple[PairReconciliation, ...]:
    """Every pair of witnesses that are there, all by the same code.

    Leaves that the jaws cover are not judged: a machine by itself parks them as it likes. (Where
    this gateway said where they belong, :func:`gateway.reconcile.reconcile` judges every one.) Of a
    log the meterset rules where on the path a snapshot belongs; its control point decides within
    the resolution.
    """
    return tuple(_reconciled(pair, tolerances) for pair in _pairs(witnessed))


def reconcile_log_pairs(
    witnessed: WitnessedBeam, tolerances: Tolerances
) -> tuple[PairReconciliation, ...]:
    """Those of :func:`reconcile_pairs` that the log is one of."""
    ours = (pair for pair in _pairs(witnessed) if LOG in pair.names)
    return tuple(_reconciled(pair, tolerances) for pair in ours)


def _pairs(witnessed: WitnessedBeam) -> list[_Pair]:
    planned, telemetry, log = witnessed.planned, witnessed.telemetry, witnessed.log
    pulse_mu = witnessed.mu_per_pulse
    log_mu = pulse_mu + (witnessed.log_resolution_mu or 0.0)
    boundaries = {
        device: limiting.boundaries_mm
        for device, limiting in witnessed.beam.devices.items()
        if limiting.boundaries_mm is not None
    }
    pairs = []
    if telemetry is not None:
        pairs.append(_Pair((PLAN, TELEMETRY), witnessed, planned, telemetry, pulse_mu, boundaries))
    if log is not None:
        pairs.append(_Pair((PLAN, LOG), witnessed, planned, log, log_mu, boundaries))
    if telemetry is not None and log is not None:
        pairs.append(_Pair((TELEMETRY, LOG), witnessed, telemetry, log, log_mu, boundaries))
    return pairs


def _reconciled(pair: _Pair, tolerances: Tolerances) -> PairReconciliation:
    errors = beam_errors(
        pair.reference,
        _on_the_path(pair),
        pair.resolution_mu,
        tolerances,
        pair.witnessed.start_meterset_mu,
        pair.boundaries,
    )
    meterset = _meterset(pair)
    found = [
        *position_attributions(errors, _ending(pair, meterset), tolerances),
        *_dose_attributions(pair, errors, meterset, tolerances),
    ]
    causes = ranked(without_consequences(found))
    exceeded = exceeded_axes(errors, tolerances)
    beam = pair.witnessed.beam
    return PairReconciliation(
        witnesses=pair.names,
        beam_number=beam.number,
        beam_name=beam.name,
        verdict=Verdict.FAIL if causes or exceeded else Verdict.PASS,
        exceeded=exceeded,
        errors=_statistics(errors),
        meterset=meterset,
        covered_leaves=int(errors.unjudged.size),
        causes=causes,
    )


def _on_the_path(pair: _Pair) -> Trajectory:
    """A log's dose never goes back: what a damaged or a noisy one says of that is left out.

    Beside telemetry that ended early the log ends there too: nobody else saw the rest.
    """
    measured = replace(pair.measured, beam_number=pair.witnessed.beam.number)
    if pair.names[1] != LOG:
        return measured
    given_mu = np.maximum.accumulate(measured.meterset_mu)
    given_mu = np.maximum(given_mu, pair.witnessed.start_meterset_mu)
    measured = replace(measured, meterset_mu=frozen(given_mu))
    if pair.names[0] == TELEMETRY:
        heard = given_mu <= pair.reference.meterset_mu.max() + pair.resolution_mu
        measured = _first(measured, max(int(heard.sum()), 1))
    reference = pair.reference
    path = PlannedPath(
        reference.control_point, reference.meterset_mu, reference.time_s, np.empty((0, 0))
    )
    place = matched_control_point(measured, path, pair.resolution_mu)
    return replace(measured, control_point=frozen(place))


def _first(motion: Trajectory, samples: int) -> Trajectory:
    return replace(
        motion,
        time_s=motion.time_s[:samples],
        meterset_mu=motion.meterset_mu[:samples],
        control_point=motion.control_point[:samples],
        axes={axis: positions[:samples] for axis, positions in motion.axes.items()},
        leaves={device: leaves[:samples] for device, leaves in motion.leaves.items()},
        beam_on=motion.beam_on[:samples],
        held=motion.held[:samples],
    )


def _statistics(errors: BeamErrors) -> Mapping[str, ErrorStatistics]:
    units = {column.axis: column.unit for column in errors.columns}
    return {axis: errors.statistics.worst(errors.rows(axis), unit) for axis, unit in units.items()}


def _meterset(pair: _Pair) -> MetersetComparison | None:
    if pair.names[1] == LOG and pair.witnessed.log_resolution_mu is None:
        return None
    reference_mu = pair.witnessed.end_meterset_mu
    if pair.names[0] != PLAN:
        reference_mu = float(pair.reference.meterset_mu.max())
    measured_mu = float(pair.measured.meterset_mu.max())
    error_mu = measured_mu - reference_mu
    return MetersetComparison(
        planned_mu=reference_mu,
        delivered_mu=measured_mu,
        certain=True,
        error_pulses=error_mu / pair.witnessed.mu_per_pulse,
        worst_mu=error_mu,
    )


def _limit_mu(pair: _Pair, tolerances: Tolerances) -> float:
    """The site's limit, or a pulse, and what the log's counter cannot tell."""
    site = tolerances.quantities.get("meterset")
    limit_mu = 0.0 if site is None or site.maximum is None else site.maximum
    finest_mu = pair.resolution_mu - pair.witnessed.mu_per_pulse
    return max(limit_mu, pair.witnessed.mu_per_pulse) + finest_mu


def _ending(pair: _Pair, meterset: MetersetComparison | None) -> Ending:
    """No witness but telemetry says why a beam ended; one that is short of its dose was stopped."""
    witnessed = pair.witnessed
    session_mu = witnessed.end_meterset_mu - witnessed.start_meterset_mu
    if meterset is None or session_mu <= 0:
        return Ending(stopped=False, undelivered=0.0)
    share = (meterset.planned_mu - meterset.delivered_mu) / session_mu
    undelivered = float(np.clip(share, 0.0, 1.0))
    return Ending(stopped=_ended_early(pair), undelivered=undelivered)


def _ended_early(pair: _Pair) -> bool:
    return bool(pair.measured.meterset_mu[-1] < pair.witnessed.end_meterset_mu - pair.resolution_mu)


def _dose_attributions(
    pair: _Pair,
    errors: BeamErrors,
    meterset: MetersetComparison | None,
    tolerances: Tolerances,
) -> list[Attribution]:
    if meterset is None:
        return []
    error_mu = meterset.delivered_mu - meterset.planned_mu
    if abs(error_mu) <= _limit_mu(pair, tolerances):
        return []
    reached = float(errors.delivered.control_point[-1])
    name = _dose_cause(pair, errors, error_mu)
    witnessed = pair.witnessed
    cause = Cause(
        name,
        witnessed.beam.number,
        control_point=int(np.floor(reached + 1e-3)),
        error=error_mu,
        unit="MU",
    )
    session_mu = max(witnessed.end_meterset_mu - witnessed.start_meterset_mu, 1e-9)
    limit_mu = max(witnessed.mu_per_pulse, OUTPUT_CONSTANCY * session_mu)
    undelivered = float(np.clip(-error_mu / session_mu, 0.0, 1.0))
    return [Attribution(cause, abs(error_mu) / limit_mu, 1.0, undelivered)]


def _dose_cause(pair: _Pair, errors: BeamErrors, error_mu: float) -> str:
    """What too much dose or too little means between these two: a log may outlive the telemetry."""
    if error_mu > 0:
        return "lost-samples" if pair.names[0] == TELEMETRY else "meterset-overrun"
    last = float(errors.path.control_point[-1])
    stopped = float(pair.measured.control_point[-1]) < last - NEARLY_THERE
    return "terminated" if stopped else "meterset-shortfall"
