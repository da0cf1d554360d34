"""What the machine's own log adds: where it and another witness differ."""

from collections.abc import Sequence

from gateway.domain.reconciliation import Cause, PairReconciliation, Tolerances, Verdict
from gateway.reconcile.attribution import Attribution

LOST_SAMPLES = "lost-samples"
OWN_ENDING = frozenset({LOST_SAMPLES, "terminated", "meterset-shortfall", "meterset-overrun"})
"""Causes of a pair that are about how long a witness went on, not about where axes stood."""


def log_attributions(
    pairs: Sequence[PairReconciliation],
    found: Sequence[Attribution],
    tolerances: Tolerances,
) -> list[Attribution]:
    """What follows from a log's pairs beside ``found``, which the other witnesses tell.

    A log that differs from telemetry and plan is a wrong one; named once, also where the image
    says so. Where log and plan differ and telemetry stands between them within both tolerances,
    or telemetry ended before the log, that is named only where nothing else explains it.
    """
    to_plan, to_telemetry = (_pair(pairs, first) for first in ("plan", "telemetry"))
    if to_plan is None or to_telemetry is None:
        return []
    if _differs(to_telemetry) and to_plan.verdict is Verdict.FAIL:
        if any(item.cause.cause == "wrong-log" for item in found):
            return []
        return [_named("wrong-log", to_telemetry, tolerances)]
    if found:
        return []
    if _differs(to_telemetry):
        return [_named("telemetry-not-as-logged", to_telemetry, tolerances)]
    return _told_by(to_plan, tolerances) or _told_by(to_telemetry, tolerances)


def _told_by(pair: PairReconciliation, tolerances: Tolerances) -> list[Attribution]:
    if pair.verdict is Verdict.PASS:
        return []
    causes = [Attribution(cause, 1.0, 1.0) for cause in pair.causes]
    return causes or [_named("axis-deviation", pair, tolerances)]


def _pair(pairs: Sequence[PairReconciliation], first: str) -> PairReconciliation | None:
    return next((pair for pair in pairs if pair.witnesses == (first, "log")), None)


def _differs(pair: PairReconciliation) -> bool:
    """Whether the log says something else, not only more: telemetry may end before it."""
    return bool(pair.exceeded) or any(cause.cause != LOST_SAMPLES for cause in pair.causes)


def _named(name: str, pair: PairReconciliation, tolerances: Tolerances) -> Attribution:
    """The cause with the axis that is off most, or the dose where no axis is."""
    placed = [cause for cause in pair.causes if cause.cause not in OWN_ENDING]
    worst = next(iter(placed or pair.causes), None)
    if worst is None or (worst.cause in OWN_ENDING and pair.exceeded):
        axis = pair.exceeded[0]
        errors = pair.errors[axis]
        cause = Cause(name, pair.beam_number, axis=axis, error=errors.maximum, unit=errors.unit)
        return Attribution(cause, _ratio(axis, errors.maximum, tolerances), 1.0)
    cause = Cause(
        name,
        pair.beam_number,
        axis=worst.axis,
        bank=worst.bank,
        leaf=worst.leaf,
        error=worst.error,
        unit=worst.unit,
    )
    return Attribution(cause, 1.0, 1.0)


def _ratio(axis: str, error: float, tolerances: Tolerances) -> float:
    limit = tolerances.quantities.get("leaf" if axis.startswith("MLC") else axis)
    return 1.0 if limit is None or not limit.maximum else error / limit.maximum
