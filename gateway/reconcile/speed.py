"""How much slower than planned a leaf moved."""

import numpy as np

from gateway.domain.axes import banks
from gateway.domain.reconciliation import LeafSpeedLoss
from gateway.reconcile.errors import BeamErrors, Indices

WINDOW_S = 0.5
"""Speeds are means over this long: a servo that starts late by its lag is not slow."""


def leaf_speed_loss(errors: BeamErrors, device: str) -> LeafSpeedLoss:
    """The largest loss of mean leaf speed along the path that was travelled, beam on.

    Planned speed is that of the plan at the machine's own path position, so that a machine which
    goes through the whole path slowly loses none.
    """
    rows = errors.rows(device)
    pairs = (rows.stop - rows.start) // 2
    left, right = _windows(errors)
    if left.size == 0:
        return LeafSpeedLoss(0.0, banks(device)[0], 1, 0)
    time_s = errors.delivered.time_s
    duration = time_s[right] - time_s[left]
    expected, actual = errors.expected[rows], errors.actual[rows]
    planned = np.abs(expected[:, right] - expected[:, left])
    travelled = np.abs(actual[:, right] - actual[:, left])
    loss = (planned - travelled) / duration
    leaf, window = (int(index) for index in np.unravel_index(int(np.argmax(loss)), loss.shape))
    return LeafSpeedLoss(
        float(loss[leaf, window]),
        banks(device)[leaf // pairs],
        leaf % pairs + 1,
        int(np.floor(errors.delivered.control_point[left[window]] + 1e-3)),
    )


def _windows(errors: BeamErrors) -> tuple[Indices, Indices]:
    """First and last sample of each window in which no sample was held."""
    time_s = errors.delivered.time_s
    edges = np.arange(time_s[0], time_s[-1], WINDOW_S)
    bounds = np.unique(np.searchsorted(time_s, edges))
    left, right = bounds[:-1], bounds[1:]
    held = np.concatenate(([0], np.cumsum(errors.delivered.held)))
    free = (held[right + 1] - held[left] == 0) & (time_s[right] - time_s[left] >= WINDOW_S / 2)
    return left[free], right[free]
