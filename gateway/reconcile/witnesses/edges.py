"""Which leaf or jaw shapes the beam where: strips across the travel with what limits each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.units import BoolArray, FloatArray
from gateway.imaging.collimation import Collimation
from gateway.imaging.penumbra import Penumbra

IndexArray = npt.NDArray[np.intp]

_CLOSED_MM = 0.05
"""A pair whose tips are no farther apart lets nothing through that moving one would change."""
_TIE_MM = 1e-3
_WITHOUT_LEAVES_MM = 400.0
"""Without leaves all that the jaws leave open is one strip, this far to both sides."""
_SHOWN = 0.3
"""A strip of which the jaws leave less open is not used to judge its leaves."""


@dataclass(frozen=True, slots=True)
class LeafEdges:
    """One bank of one MLC along every strip: tips (k, n), and how far each limits (0 to 1)."""

    device: str
    side: int
    leaf: IndexArray
    tips: FloatArray
    limits: FloatArray


@dataclass(frozen=True, slots=True)
class Edges:
    """``k`` apertures over the same ``n`` strips, mm at the isocentre plane.

    ``low`` and ``high`` (k, n) are where each strip is open, all MLCs and the jaws along the
    travel together. ``leaves`` are the banks. ``along`` and ``across`` (k, 2) are the jaws,
    infinite where there are none, with ``along_limits`` (2, k, n) how far each limits a strip:
    where leaves do, a jaw ends what they let through, ``leakage``. A round tip lets as much
    through as a sharp one that stands ``tip_mm`` farther back.
    """

    boundaries: FloatArray
    low: FloatArray
    high: FloatArray
    leaves: tuple[LeafEdges, ...]
    along: FloatArray
    across: FloatArray
    along_limits: FloatArray
    leakage: float
    tip_mm: float = 0.0


class Strips:
    """The strips of one machine: where the leaves of its MLCs overlap."""

    def __init__(self, machine: MachineModel) -> None:
        self._machine = machine
        self._collimation = Collimation(machine)
        self.travel = self._collimation.travel
        mlcs = machine.mlcs.values()
        self._leakage = math.prod(mlc.transmission for mlc in mlcs)
        gaps = [mlc.dosimetric_leaf_gap_mm for mlc in mlcs]
        self._tip_mm = 0.5 * gaps[0] if len(gaps) == 1 else 0.0
        start = max((float(mlc.boundaries_mm[0]) for mlc in mlcs), default=-_WITHOUT_LEAVES_MM)
        stop = min((float(mlc.boundaries_mm[-1]) for mlc in mlcs), default=_WITHOUT_LEAVES_MM)
        edges = np.unique(np.concatenate([[start, stop], *(mlc.boundaries_mm for mlc in mlcs)]))
        self.boundaries: FloatArray = edges[(edges >= start) & (edges <= stop)]
        middle = 0.5 * (self.boundaries[1:] + self.boundaries[:-1])
        self.leaf_of: Mapping[str, IndexArray] = {
            mlc.type: np.searchsorted(mlc.boundaries_mm, middle) - 1 for mlc in mlcs
        }

    @property
    def jaws(self) -> tuple[tuple[Axis, Axis], tuple[Axis, Axis]]:
        """The jaw axes along the leaves' travel, and across it."""
        x, y = (Axis.X1, Axis.X2), (Axis.Y1, Axis.Y2)
        return (x, y) if self.travel == "X" else (y, x)

    def edges(self, positions: FloatArray) -> Edges:
        """What limits each strip in each row of ``positions`` (k, layout.size)."""
        limits = self._collimation.limits(positions)
        along, across = limits[:, :2], limits[:, 2:]
        tips = {device: self._tips(device, positions) for device in self.leaf_of}
        shape = (len(positions), self.boundaries.size - 1)
        low = np.broadcast_to(along[:, :1], shape)
        high = np.broadcast_to(along[:, 1:], shape)
        for negative, positive in tips.values():
            low, high = np.maximum(low, negative), np.minimum(high, positive)
        is_open = (high - low) > _CLOSED_MM
        low_ties = np.zeros(shape)
        high_ties = np.zeros(shape)
        for negative, positive in tips.values():
            low_ties += negative >= low - _TIE_MM
            high_ties += positive <= high + _TIE_MM
        low_share = is_open / np.maximum(low_ties, 1.0)
        high_share = is_open / np.maximum(high_ties, 1.0)
        leaves = []
        for device, (negative, positive) in tips.items():
            leaf = self.leaf_of[device]
            limiting = (negative >= low - _TIE_MM) * low_share
            leaves.append(LeafEdges(device, 0, leaf, negative, limiting))
            limiting = (positive <= high + _TIE_MM) * high_share
            leaves.append(LeafEdges(device, 1, leaf, positive, limiting))
        bare = np.stack((is_open & (low_ties == 0), is_open & (high_ties == 0)))
        jaws = np.where(bare, 1.0, self._leakage) * (along[:, 1:] > along[:, :1])
        banks = tuple(leaves)
        return Edges(
            self.boundaries, low, high, banks, along, across, jaws, self._leakage, self._tip_mm
        )

    def aside_mm(self, sid_mm: float) -> Mapping[float, float]:
        """Where the source has jaws' shadows across beside those of the leaves, with shares."""
        penumbra = Penumbra.of(self._machine, sid_mm)
        jaws = penumbra.jaws.get(self.jaws[1][0][0])
        leaves = next(iter(penumbra.leaves.values()), None)
        if jaws is None or leaves is None:
            return {0.0: 1.0}
        shares: dict[float, float] = {}
        for aside, share in zip(jaws.across - leaves.across, penumbra.weights, strict=True):
            shares[float(aside)] = shares.get(float(aside), 0.0) + float(share)
        return shares

    def shown(self, edges: Edges, device: str) -> BoolArray:
        """Which pairs of an MLC the jaws across the travel ever leave open enough to be judged."""
        start = np.maximum(self.boundaries[:-1], edges.across[:, :1])
        stop = np.minimum(self.boundaries[1:], edges.across[:, 1:])
        strips = (stop - start > _SHOWN * np.diff(self.boundaries)).any(axis=0)
        pairs = np.zeros(self._machine.mlcs[device].pairs, dtype=np.bool_)
        pairs[self.leaf_of[device][strips]] = True
        return pairs

    def _tips(self, device: str, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        leaves = positions[:, self._machine.layout.mlc_slices[device]]
        pairs = self._machine.mlcs[device].pairs
        leaf = self.leaf_of[device]
        return leaves[:, leaf], leaves[:, pairs + leaf]
