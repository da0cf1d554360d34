"""How the image changes with the place of each leaf and jaw, along the rows of an image's cells.

The change is where the edge stood while dose fell, folded with the forward model's answer to an
edge: exact for a static edge, and for a moving one as fine as the exposures are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray, frozen
from gateway.reconcile.witnesses.cells import Cells
from gateway.reconcile.witnesses.edges import Edges
from gateway.reconcile.witnesses.exposures import Exposures
from gateway.reconcile.witnesses.response import REACH_MM, STEP_MM, Responses, distances_mm

IndexArray = npt.NDArray[np.intp]

_FAINT = 1e-3
_STILL_MM = 0.02


@dataclass(frozen=True, slots=True)
class RowChange:
    """The change of a row's cells, CU per mm, with one leaf or jaw along the travel.

    ``device`` is an MLC, or "" for the jaws; ``side`` 0 is the negative one.
    """

    device: str
    side: int
    leaf: int
    change: FloatArray


class Sensitivity:
    """All of one image."""

    def __init__(
        self, edges: Edges, exposures: Exposures, responses: Responses, cells: Cells
    ) -> None:
        self._edges = edges
        self._given = exposures.meterset_mu
        self._responses = responses
        self._cells = cells
        self._start = float(cells.along.min()) - REACH_MM if cells.along.size else 0.0
        stop = float(cells.along.max()) + REACH_MM if cells.along.size else 0.0
        self._bins = int(np.ceil((stop - self._start) / STEP_MM)) + 2
        self._grid = self._start + STEP_MM * np.arange(self._bins)
        across = responses.across / max(float(responses.across.sum()) * STEP_MM, 1e-12)
        self._reached = np.concatenate(([0.0], np.cumsum(across) * STEP_MM))
        self._knots = np.concatenate((distances_mm() - 0.5 * STEP_MM, [REACH_MM + 0.5 * STEP_MM]))
        self._jaws_still = bool(np.ptp(edges.across, axis=0).max(initial=0.0) < _STILL_MM)
        self._profiles: dict[tuple[str, int, int], FloatArray] = {}

    def row(self, row: int) -> Iterator[RowChange]:
        """What changes the cells of ``row``."""
        at = float(self._cells.across[row])
        boundaries = self._edges.boundaries
        shares = self._passed(at - boundaries[:-1]) - self._passed(at - boundaries[1:])
        for strip in np.flatnonzero(shares > _FAINT):
            for device, side, tips, limits in self._limiting(int(strip)):
                if not limits.any():
                    continue
                profile = self._profile(device, side, int(strip), tips, limits, at)
                change = float(shares[strip]) * self._in_cells(profile, row)
                yield RowChange(device, side, self._leaf(device, int(strip)), change)

    def across(self, side: int) -> FloatArray:
        """The change of all cells with a jaw across the travel: (rows, columns), CU per mm."""
        at = self._edges.across[:, side]
        return self._across(side, at, np.searchsorted(self._edges.boundaries, at, "right") - 1)

    def across_at(self, side: int, at: FloatArray, strips: Mapping[int, float]) -> FloatArray:
        """The same as if the jaw were ``at`` (k,) in each of ``strips`` by so much."""
        return sum(
            (
                share * self._across(side, at, np.full(at.size, strip, dtype=np.intp))
                for strip, share in strips.items()
            ),
            start=np.zeros(self._cells.shape),
        )

    def _across(self, side: int, at: FloatArray, strips: IndexArray) -> FloatArray:
        edges, cells = self._edges, self._cells
        changed = np.zeros(cells.shape)
        seen = (strips >= 0) & (strips < edges.low.shape[1]) & np.isfinite(at)
        seen &= edges.across[:, 1] > edges.across[:, 0]
        exposure = np.flatnonzero(seen)
        if exposure.size == 0:
            return changed
        jaws = edges.along[exposure]
        low, high = edges.low[exposure, strips[exposure]], edges.high[exposure, strips[exposure]]
        low = np.maximum(low - edges.tip_mm, jaws[:, 0])
        high = np.minimum(high + edges.tip_mm, jaws[:, 1])
        middle = cells.along.mean(axis=0)
        answer = self._responses.across if side == 1 else -self._responses.across[::-1]
        reach = np.abs(cells.across[:, np.newaxis] - at[exposure]) < REACH_MM
        for row in np.flatnonzero(reach.any(axis=1)):
            near = np.flatnonzero(reach[row])
            weight = np.interp(cells.across[row] - at[exposure[near]], distances_mm(), answer)
            weight *= self._given[exposure[near]]
            clear = (1.0 - edges.leakage) * weight
            changed[row] = _between(middle, low[near], high[near], clear)
            changed[row] += _between(middle, jaws[near, 0], jaws[near, 1], edges.leakage * weight)
        return changed

    def _in_cells(self, profile: FloatArray, row: int) -> FloatArray:
        """The mean of ``profile`` over each cell's pixels, to the second order of their places."""
        bend = np.zeros_like(profile)
        bend[1:-1] = (profile[2:] - 2.0 * profile[1:-1] + profile[:-2]) / STEP_MM**2
        cells = self._cells
        along = cells.along[row]
        middle = np.interp(along, self._grid, profile)
        mean: FloatArray = middle + 0.5 * cells.spread[row] * np.interp(along, self._grid, bend)
        return mean

    def _limiting(self, strip: int) -> Iterator[tuple[str, int, FloatArray, FloatArray]]:
        edges = self._edges
        for bank in edges.leaves:
            yield bank.device, bank.side, bank.tips[:, strip], bank.limits[:, strip]
        for side in range(2):
            yield "", side, edges.along[:, side], edges.along_limits[side, :, strip]

    def _leaf(self, device: str, strip: int) -> int:
        for bank in self._edges.leaves:
            if bank.device == device:
                return int(bank.leaf[strip])
        return 0

    def _profile(
        self, device: str, side: int, strip: int, tips: FloatArray, limits: FloatArray, at: float
    ) -> FloatArray:
        """The change along the travel, on the grid, of a row that is all of the strip."""
        jaws = self._edges.across
        if not self._jaws_still:
            return self._folded(device, side, tips, limits * self._between_jaws(jaws, at))
        key = (device, side, strip)
        if key not in self._profiles:
            self._profiles[key] = self._folded(device, side, tips, limits)
        return self._profiles[key] * float(self._between_jaws(jaws[:1], at)[0])

    def _between_jaws(self, jaws: FloatArray, at: float) -> FloatArray:
        share = self._passed(at - jaws[:, 0]) - self._passed(at - jaws[:, 1])
        between: FloatArray = np.maximum(share, 0.0)
        return between

    def _passed(self, distance: FloatArray) -> FloatArray:
        """The part of an opened edge's dose that a row has which lies ``distance`` beyond it."""
        return np.interp(distance, self._knots, self._reached)

    def _folded(self, device: str, side: int, tips: FloatArray, limits: FloatArray) -> FloatArray:
        answer = self._responses.leaves[device] if device else self._responses.along
        if side == 0:
            answer = -answer[::-1]
        weight = limits * self._given
        place = (tips - self._start) / STEP_MM
        inside = (weight > 0.0) & (place >= 0.0) & (place < self._bins - 1)
        place, weight = place[inside], weight[inside]
        left = place.astype(np.intp)
        part = place - left
        stood = np.bincount(left, weights=weight * (1.0 - part), minlength=self._bins)
        stood += np.bincount(left + 1, weights=weight * part, minlength=self._bins)
        return np.convolve(stood, answer, mode="same")


def _between(
    places: FloatArray, low: FloatArray, high: FloatArray, weight: FloatArray
) -> FloatArray:
    """The sum at each of ``places`` of the weights of the intervals that it is in."""
    starts = np.searchsorted(places, low)
    ends = np.maximum(np.searchsorted(places, high), starts)
    steps = np.bincount(starts, weights=weight, minlength=places.size + 1)
    steps -= np.bincount(ends, weights=weight, minlength=places.size + 1)
    return frozen(np.cumsum(steps)[: places.size])
