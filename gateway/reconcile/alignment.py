"""Which place of the planned path a sample belongs to: by delivered meterset first."""

import numpy as np

from gateway.domain.trajectory import Trajectory
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.path import PlannedPath

METERSET_RESOLUTION_MU = 1e-6
"""Metersets travel in millionths of an MU."""


def matched_control_point(
    delivered: Trajectory, path: PlannedPath, mu_per_pulse: float
) -> FloatArray:
    """The plan's control point (fractional) of every sample.

    Delivered meterset rules. It is counted in whole pulses, so it says only to within a pulse
    where on the path the machine was, and nothing at all within a beam-off move; inside that
    interval the machine's own path position decides. So an axis that moves between two pulses
    shows no error, and a machine cannot hide that its dose ran ahead of its motion.
    """
    slack = mu_per_pulse + METERSET_RESOLUTION_MU
    earliest = path.first_at(delivered.meterset_mu - slack)
    latest = path.last_at(delivered.meterset_mu + slack)
    matched: FloatArray = np.clip(delivered.control_point, earliest, latest)
    return matched


def dose_samples(delivered: Trajectory) -> BoolArray:
    """One sample for each distinct meterset: the last with beam on, at the END of a plateau.

    While the meterset is flat the leaves may move with the beam off; what counts is where they
    are when the dose goes on. A held sample counts only if pulses arrived in it.
    """
    meterset = delivered.meterset_mu
    rising = np.diff(meterset, prepend=-np.inf) > 0
    rising[0] = False
    candidates = np.flatnonzero(delivered.beam_on | rising)
    chosen = np.zeros(meterset.size, dtype=np.bool_)
    if candidates.size:
        last = np.append(np.diff(meterset[candidates]) > 0, True)
        chosen[candidates[last]] = True
    return chosen
