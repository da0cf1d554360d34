"""What softens the edges of an aperture, as a few sharp apertures that are drawn in its place.

Leaf tips are round: at a depth s behind the tip, both at the isocentre plane, they let through
exp(-2 sqrt(s / D)) of the beam, where D is the dosimetric leaf gap (parallel rays, tip radius R
and attenuation mu in D = M / (2 R mu^2)). Each half of D belongs to one tip, and half of the beam
passes at s = D (ln 2)^2 / 4. A source of some width moves the shadow of each device by an amount of
its own. Both are drawn as weighted apertures, each with the mean shift of its part of the rays:
sums, and so areas, are exact. What the source does to the device that it blurs least is left for
the panel's blur.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gateway.domain.machine import MachineModel
from gateway.domain.units import FloatArray

_BOUNDS = np.array([0.0, 1.4, 2.8, 4.2])
"""Where rays are parted, as sqrt(4 s / D). Six parts of one weight would leave the far end of a
tip to one of them: an edge blurred by 1 mm would be wrong by 0.04 of its height, not by 0.006."""
TIP_WEIGHTS = np.exp(-_BOUNDS) - np.append(np.exp(-_BOUNDS[1:]), 0.0)
_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
_ALONG = np.array([0, 2, 1, 3])
_ACROSS = np.array([2, 0, 1, 3])
_SIGNS = np.array([1.0, -1.0])
_DIAGONAL = np.array([1.0, -1.0, 1.0, 1.0])
"""Which part of a tip goes with which part of the source, from its middle outwards, on both sides
of it, and whether it lies on one diagonal or the other. Shifts have nothing in common with tips:
what closed leaves leak beside a jaw would be moved. A fifth is left between along and across, in
the corners of jaws."""


def tip_shifts_mm(leaf_gap_mm: float, weights: FloatArray = TIP_WEIGHTS) -> FloatArray:
    """How far the rays of each part pass behind a tip in the mean, ascending (mm).

    s = D e^2 / 4 with e exponentially distributed; its mean over a part has a closed form.
    """
    remain = np.maximum(1.0 - np.cumsum(weights[:-1]), np.finfo(np.float64).tiny)
    bounds = -np.log(remain)
    beyond = np.concatenate(([2.0], (bounds**2 + 2.0 * bounds + 2.0) * remain, [0.0]))
    means: FloatArray = 0.25 * leaf_gap_mm * (beyond[:-1] - beyond[1:]) / weights
    return means


def source_shifts_mm(sigma_mm: float, weights: FloatArray) -> FloatArray:
    """How far parts of a Gaussian lie from its middle, ascending, the same on both sides (mm).

    The means of the parts, widened so that all together are as wide as the Gaussian.
    """
    normal = NormalDist()
    bounds = [normal.inv_cdf(0.5 + 0.5 * float(part)) for part in np.cumsum(weights[:-1])]
    density = np.array([normal.pdf(0.0), *map(normal.pdf, bounds), 0.0])
    means = (density[:-1] - density[1:]) / weights
    shifts: FloatArray = sigma_mm * means / np.sqrt(weights @ means**2)
    return shifts


@dataclass(frozen=True, slots=True)
class Shifts:
    """By how much one device's edges are drawn aside, one value an aperture (mm, isocentre)."""

    along: FloatArray
    across: FloatArray


@dataclass(frozen=True, slots=True)
class Penumbra:
    """The shifts of one machine's devices for a panel, and what is left to the panel's blur.

    ``blur_mm`` is one standard deviation on the panel. ``tips``, by MLC, open a leaf pair at both
    ends. ``weights`` are the apertures' shares, their sum 1.
    """

    weights: FloatArray
    blur_mm: float
    tips: Mapping[str, FloatArray]
    leaves: Mapping[str, Shifts]
    jaws: Mapping[str, Shifts]

    @classmethod
    def of(cls, machine: MachineModel, sid_mm: float) -> "Penumbra":
        """The penumbra of ``machine`` on a panel at ``sid_mm``."""
        optics = machine.optics
        distances = {name: mlc.source_distance_mm for name, mlc in machine.mlcs.items()}
        leaves = {
            name: None if distance is None else source_blur_mm(machine, distance, sid_mm)
            for name, distance in distances.items()
        }
        jaws = {
            name: source_blur_mm(machine, distance, sid_mm)
            for name, distance in optics.jaw_distance_mm.items()
        }
        known = [blur for blur in (*leaves.values(), *jaws.values()) if blur is not None]
        least = min(known, default=0.0)
        gaps = [mlc.dosimetric_leaf_gap_mm for mlc in machine.mlcs.values()]
        split = any(blur > least for blur in known)
        weights = TIP_WEIGHTS if split or any(gaps) else np.ones(1)
        sides = _SIGNS.size if split else 1
        to_isocentre = machine.sad_mm / sid_mm
        rest = {
            name: _shifts(_rest(blur, least) * to_isocentre, split, weights.size)
            for name, blur in (*leaves.items(), *jaws.items())
        }
        return cls(
            np.repeat(weights / sides, sides),
            least,
            {
                name: np.repeat(tip_shifts_mm(mlc.dosimetric_leaf_gap_mm, weights), sides)
                for name, mlc in machine.mlcs.items()
            },
            {name: rest[name] for name in leaves},
            {name: rest[name] for name in jaws},
        )

    def has_the_leaves_of(self, part: int, other: int) -> bool:
        """Whether two apertures differ in their jaws only."""
        return all(
            tips[part] == tips[other]
            and self.leaves[name].along[part] == self.leaves[name].along[other]
            and self.leaves[name].across[part] == self.leaves[name].across[other]
            for name, tips in self.tips.items()
        )

    @classmethod
    def none(cls, machine: MachineModel) -> "Penumbra":
        """Sharp edges where the positions are."""
        still = Shifts(np.zeros(1), np.zeros(1))
        return cls(
            np.ones(1),
            0.0,
            dict.fromkeys(machine.mlcs, np.zeros(1)),
            dict.fromkeys(machine.mlcs, still),
            {},
        )


def source_blur_mm(machine: MachineModel, distance_mm: float, sid_mm: float) -> float:
    """How wide the source makes the shadow of what is at ``distance_mm``: a sigma on the panel."""
    sigma = machine.optics.source_fwhm_mm / _FWHM_PER_SIGMA
    return sigma * (sid_mm - distance_mm) / distance_mm


def _rest(blur_mm: float | None, least_mm: float) -> float:
    return 0.0 if blur_mm is None else math.sqrt(max(0.0, blur_mm**2 - least_mm**2))


def _shifts(sigma_mm: float, split: bool, parts: int) -> Shifts:
    if not split:
        return Shifts(np.zeros(parts), np.zeros(parts))
    along, across = np.empty(parts), np.empty(parts)
    along[_ALONG] = source_shifts_mm(sigma_mm, TIP_WEIGHTS[_ALONG])
    across[_ACROSS] = source_shifts_mm(sigma_mm, TIP_WEIGHTS[_ACROSS])
    return Shifts(np.outer(along, _SIGNS).ravel(), np.outer(across * _DIAGONAL, _SIGNS).ravel())
