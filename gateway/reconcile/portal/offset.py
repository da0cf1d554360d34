"""How far a panel is off, from fields at opposite collimator angles."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from gateway.domain.measured_image import Measured, MeasuredField
from gateway.reconcile.portal.problems import Unmeasurable

OPPOSITE_DEG = 1.0
"""Angles that differ by half a turn but for this are opposite."""


def panel_offset(fields: Sequence[MeasuredField]) -> tuple[Measured, Measured]:
    """Where the beam's axis is in the images, mm at the isocentre plane, gantry system x and y.

    An aperture that is not symmetric turns with the collimator; what both images of a pair share
    does not. Collimator angles are to be stated in the images: edges do not tell half turns.
    Raises Unmeasurable where no two fields with four straight sides are opposite.
    """
    middles, variances = [], []
    for one, other in combinations(fields, 2):
        apart = (one.collimator_deg.value - other.collimator_deg.value) % 360.0
        if one.centre_mm is None or other.centre_mm is None or abs(apart - 180.0) > OPPOSITE_DEG:
            continue
        pairs = tuple(zip(one.centre_mm, other.centre_mm, strict=True))
        middles.append([0.5 * (first.value + second.value) for first, second in pairs])
        variances.append([0.25 * (first.u**2 + second.u**2) for first, second in pairs])
    if not middles:
        raise Unmeasurable("no two fields with four straight sides are at opposite angles")
    x, y = np.mean(middles, axis=0)
    u_x, u_y = np.sqrt(np.mean(variances, axis=0) / len(middles))
    return Measured(float(x), float(u_x)), Measured(float(y), float(u_y))
