"""Apertures as stacks of strips, each with one open interval along the leaves' travel."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class Strips:
    """``k`` apertures over the same ``n`` strips, mm at the isocentre plane.

    ``boundaries`` (n + 1,) ascend across the travel; ``low`` and ``high`` (k, n) are where each
    strip is open along it. A strip with high <= low is closed.
    """

    boundaries: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def unlimited(cls, count: int) -> "Strips":
        """``count`` apertures that are open everywhere."""
        edge = np.full((count, 1), np.inf)
        return cls(np.array([-np.inf, np.inf]), -edge, edge)

    def intersected(self, other: "Strips") -> "Strips":
        """What is open in both, exactly: the travel axis is the same, so strips stay strips."""
        edges = np.union1d(self.boundaries, other.boundaries)
        start = max(self.boundaries[0], other.boundaries[0])
        stop = min(self.boundaries[-1], other.boundaries[-1])
        edges = edges[(edges >= start) & (edges <= stop)]
        mine = np.searchsorted(self.boundaries, edges[:-1], side="right") - 1
        theirs = np.searchsorted(other.boundaries, edges[:-1], side="right") - 1
        return Strips(
            edges,
            np.maximum(self.low[:, mine], other.low[:, theirs]),
            np.minimum(self.high[:, mine], other.high[:, theirs]),
        )
