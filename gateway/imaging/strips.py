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

    @property
    def is_unlimited(self) -> bool:
        """Whether this is open everywhere."""
        return self.boundaries.size == 2 and bool(np.isinf(self.low).all())

    def intersected(self, other: "Strips") -> "Strips":
        """What is open in both, exactly: the travel axis is the same, so strips stay strips."""
        if self.is_unlimited:
            return other
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

    def moved(self, along: float, across: float) -> "Strips":
        """As it is, somewhere else."""
        if along == 0.0 and across == 0.0:
            return self
        return Strips(self.boundaries + across, self.low + along, self.high + along)

    def opened(self, at_each_end: float) -> "Strips":
        """Longer by ``at_each_end`` along the travel, both ways."""
        return Strips(self.boundaries, self.low - at_each_end, self.high + at_each_end)

    def with_tongues(self, width: float) -> "Strips":
        """Narrower by ``width`` beside every part of a neighbour that is not open too."""
        if width == 0.0:
            return self
        inner = self.boundaries[1:-1]
        edges = np.empty(2 * inner.size + 2)
        edges[0], edges[-1] = self.boundaries[0], self.boundaries[-1]
        edges[1:-1:2], edges[2:-1:2] = inner - width, inner + width
        low = np.empty((self.low.shape[0], edges.size - 1))
        high = np.empty_like(low)
        low[:, ::2], high[:, ::2] = self.low, self.high
        low[:, 1::2] = np.maximum(self.low[:, :-1], self.low[:, 1:])
        high[:, 1::2] = np.minimum(self.high[:, :-1], self.high[:, 1:])
        return Strips(edges, low, high)
