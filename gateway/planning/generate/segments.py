"""Meterset weights of control points."""

import numpy as np

from gateway.domain.units import FloatArray, frozen

WEIGHT_DECIMALS = 8


def segment_weights(share: FloatArray) -> FloatArray:
    """Weights of ``2 k`` control points that deliver k static segments, beam off in between.

    ``share`` holds the relative meterset of each segment.
    """
    ends = cumulative_weights(share)
    return frozen(np.repeat(ends, 2)[1:-1])


def cumulative_weights(share: FloatArray) -> FloatArray:
    """Weights of ``k + 1`` control points from 0 to exactly 1, ``share`` between neighbours."""
    total = np.concatenate([[0.0], np.cumsum(share)])
    weights = np.round(total / total[-1], WEIGHT_DECIMALS)
    return frozen(weights)
