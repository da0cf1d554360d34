"""What the portal image shows and the log does not, judged by the tolerances."""

from collections.abc import Mapping

from gateway.domain.reconciliation import Tolerances
from gateway.domain.witnesses import Diagnosis, WitnessMatrix
from gateway.reconcile.attribution import Attribution

_QUANTITIES: Mapping[str, str] = {
    "meterset": "output",
    "panel_x": "panel_shift",
    "panel_y": "panel_shift",
}


def witness_attributions(matrix: WitnessMatrix | None, tolerances: Tolerances) -> list[Attribution]:
    """The causes of the matrix that are out of tolerance; all of them stand in the matrix.

    What nothing explains is out of every tolerance. Frames that did not arrive are named from
    their numbers.
    """
    if matrix is None:
        return []
    found = []
    for item in matrix.causes:
        if item.diagnosis is Diagnosis.DROPPED_FRAME:
            continue
        if item.diagnosis is Diagnosis.UNEXPLAINED:
            found.append(Attribution(item.cause, 1.0, 1.0))
            continue
        limit = _limit(_QUANTITIES.get(item.quantity, item.quantity), tolerances)
        error = abs(item.cause.error or 0.0)
        if limit is not None and error > limit:
            found.append(Attribution(item.cause, error / limit, 1.0))
    return found


def _limit(quantity: str, tolerances: Tolerances) -> float | None:
    """The limit of a single error: the maximum, else the smallest other; None: not judged."""
    tolerance = tolerances.quantities.get(quantity)
    if tolerance is None:
        return None
    if tolerance.maximum is not None:
        return tolerance.maximum
    others = [limit for limit in (tolerance.p95, tolerance.rms) if limit is not None]
    return min(others, default=None)
