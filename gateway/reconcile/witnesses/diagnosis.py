"""The cell of the three-way matrix that three differences are in."""

import math

from gateway.domain.witnesses import Diagnosis, Difference
from gateway.reconcile.witnesses.parameters import METERSET, PANEL


def combined(one: Difference, other: Difference) -> Difference:
    """Their sum."""
    spread = math.hypot(one.uncertainty, other.uncertainty)
    return Difference(one.value + other.value, spread)


def negated(one: Difference) -> Difference:
    """The other way round."""
    return Difference(-one.value, one.uncertainty)


def diagnosis_of(
    axis: str,
    logged_minus_planned: Difference,
    image_minus_planned: Difference,
    image_minus_logged: Difference,
    threshold: float,
) -> Diagnosis:
    """What the pattern of what counts says.

    Log and plan apart, image with the log: the machine did not follow, and knows. Image apart from
    both, which agree: the log is blind. Image with the plan: the log is wrong. All apart: both.
    """
    logged = logged_minus_planned.exceeds(threshold)
    if axis in PANEL:
        shifted = image_minus_logged.exceeds(threshold)
        return Diagnosis.PANEL_SHIFT if shifted else Diagnosis.CORRECT
    if math.isinf(image_minus_logged.uncertainty):
        return Diagnosis.UNSEEN if logged else Diagnosis.CORRECT
    if not image_minus_logged.exceeds(threshold):
        return Diagnosis.NOT_FOLLOWED if logged else Diagnosis.CORRECT
    if not logged:
        return Diagnosis.OUTPUT_CHANGE if axis == METERSET else Diagnosis.LOG_BLIND
    return Diagnosis.BOTH if image_minus_planned.exceeds(threshold) else Diagnosis.WRONG_LOG
