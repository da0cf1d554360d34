"""Which axis or leaf was not where it should have been, and how it failed."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.delivery import TerminationStatus
from gateway.domain.evidence import BeamEvidence
from gateway.domain.reconciliation import Cause, Tolerances
from gateway.domain.units import BoolArray
from gateway.reconcile.attribution import Attribution
from gateway.reconcile.banks import LeafBlock
from gateway.reconcile.columns import Column
from gateway.reconcile.errors import BeamErrors, exceeding
from gateway.reconcile.leaves import leaf_faults
from gateway.reconcile.signature import (
    Course,
    Signature,
    first_beyond,
    signature_of,
    stopped_at,
    trails_from_rest,
)

HELD_BY = 0.5
"""An axis this far out, in limits, when the machine holds for position is what holds it."""

NOT_STARTED = 0.1
"""A gantry that has come less than this share of its error has not started to move."""

COUCH = frozenset(axis.value for axis in Axis if axis.value.startswith("couch"))

_AXIS_NAMES = {
    Signature.STUCK: "stuck-axis",
    Signature.OFFSET: "axis-offset",
    Signature.LAG: "axis-lag",
    Signature.DRIFT: "axis-drift",
    Signature.DEVIATION: "axis-deviation",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended: ``undelivered`` is the part of its meterset that was not delivered."""

    stopped: bool
    undelivered: float


def ending_of(evidence: BeamEvidence) -> Ending:
    """As the machine's counter and state had it, as far as is known."""
    stopped = evidence.delivery.termination_status is not TerminationStatus.NORMAL
    return Ending(stopped, undelivered_share(evidence))


def position_attributions(
    errors: BeamErrors, ending: Ending, tolerances: Tolerances
) -> list[Attribution]:
    """Every position fault of a beam that was on.

    An axis that is off against delivered meterset only, not against the path, is where the
    machine meant it to be: its dose is wrong, which is not a position fault.
    """
    worst = np.abs(errors.path_error[:, errors.judged]).max(axis=1)
    suspect = exceeding(errors, tolerances) > 1
    suspect &= worst > np.abs(errors.dose_error).max(axis=1) / 2
    suspect |= _holding(errors, ending)
    found = [
        _scalar_attribution(errors, row)
        for row in map(int, np.flatnonzero(suspect))
        if not errors.columns[row].is_leaf
    ]
    for device in errors.devices:
        rows = errors.rows(device)
        found += [
            Attribution(
                fault.cause,
                abs(fault.cause.error or 0.0) / float(errors.limits[rows.start]),
                affected_share(errors, (rows.start + leaf for leaf in fault.leaves)),
            )
            for fault in leaf_faults(_leaf_block(errors, device), suspect[rows])
        ]
    missing = ending.undelivered if _ended_held(errors, ending) else 0.0
    return [
        Attribution(item.cause, item.ratio, item.share, missing) if missing else item
        for item in found
    ]


def undelivered_share(evidence: BeamEvidence) -> float:
    """The part of the session's meterset that was not delivered, as far as is known."""
    start, end = evidence.program.start_meterset_mu, evidence.program.end_meterset_mu
    reached = evidence.delivery.end_meterset_mu
    if reached is None:
        reached = start if evidence.delivered is None else float(evidence.delivered.meterset_mu[-1])
    return float(np.clip((end - reached) / (end - start), 0.0, 1.0)) if end > start else 0.0


def _ended_held(errors: BeamErrors, ending: Ending) -> bool:
    return ending.stopped and bool(errors.delivered.held[-2:].any())


def _holding(errors: BeamErrors, ending: Ending) -> BoolArray:
    """Which axis kept the machine held until the beam was ended."""
    holding = np.zeros(len(errors.columns), dtype=np.bool_)
    if _ended_held(errors, ending):
        last = int(np.flatnonzero(errors.delivered.held)[-1])
        ratio = np.abs(errors.path_error[:, last]) / errors.limits
        row = int(np.argmax(ratio))
        holding[row] = ratio[row] >= HELD_BY
    return holding


def affected_share(errors: BeamErrors, rows: Iterable[int]) -> float:
    """The part of the meterset delivered with any of ``rows`` beyond its limit."""
    chosen = list(rows)
    beyond = np.abs(errors.dose_error[chosen]) > errors.limits[chosen, np.newaxis]
    total = float(errors.path.meterset_mu[-1] - errors.path.meterset_mu[0])
    return float(errors.meterset_weight[beyond.any(axis=0)].sum()) / total if total > 0 else 0.0


def _scalar_attribution(errors: BeamErrors, row: int) -> Attribution:
    column, course = errors.columns[row], course_of(errors, row)
    place = errors.delivered.control_point[errors.judged]
    name = _scalar_name(column, course)
    if name == _AXIS_NAMES[Signature.STUCK]:
        point = round(
            stopped_at(course, place, errors.path.control_point, errors.path.positions[row])
        )
    else:
        point = first_beyond(course.error, place, float(errors.limits[row]))
    error = float(course.error[course.worst])
    cause = Cause(
        name,
        errors.delivered.beam_number,
        column.axis,
        control_point=point,
        error=error,
        unit=column.unit,
    )
    ratio = abs(error) / float(errors.limits[row])
    return Attribution(cause, ratio, affected_share(errors, [row]))


def _scalar_name(column: Column, course: Course) -> str:
    shape = signature_of(course)
    if column.axis == Axis.GANTRY and _lags(course, shape):
        return "gantry-lag"
    if shape is Signature.STUCK:
        return _AXIS_NAMES[shape]
    still = float(np.ptp(course.expected)) < abs(float(course.error[course.worst]))
    if column.axis in COUCH and still and course.onset() is not None:
        return "couch-drift"
    return _AXIS_NAMES[shape]


def _leaf_block(errors: BeamErrors, device: str) -> LeafBlock:
    rows, judged = errors.rows(device), errors.judged
    return LeafBlock(
        errors.delivered.beam_number,
        device,
        errors.actual[rows][:, judged],
        errors.expected[rows][:, judged],
        errors.delivered.control_point[judged],
        errors.path.control_point,
        errors.path.positions[rows],
        float(errors.limits[rows.start]),
    )


def _lags(course: Course, shape: Signature) -> bool:
    """Whether a gantry is behind its motion: by its drive, or because it has yet to start."""
    if shape is Signature.STUCK:
        moved = float(np.median(course.actual[course.episode()])) - float(course.expected[0])
        return abs(moved) < abs(float(course.error[course.worst])) * NOT_STARTED
    return shape is Signature.LAG or trails_from_rest(course)


def course_of(errors: BeamErrors, row: int) -> Course:
    """One column through the judged samples."""
    judged = errors.judged
    return Course(
        errors.actual[row, judged], errors.expected[row, judged], errors.path_error[row, judged]
    )
