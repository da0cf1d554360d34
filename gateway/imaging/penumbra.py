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

_BOUNDS = 4.4 * (np.arange(6) / 5.0) ** 1.9
"""Where rays are parted, as sqrt(4 s / D). Parts of one weight would leave the far end of a tip to
one of them: an edge blurred by 1 mm would be wrong by 0.04 of its height, with these by 0.005."""
WEIGHTS = np.exp(-_BOUNDS) - np.append(np.exp(-_BOUNDS[1:]), 0.0)
COUNT = WEIGHTS.size
_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
_ALONG = np.array([4, 2, 0, 1, 3, 5])
_ACROSS = np.array([5, 0, 1, 4, 2, 3])
"""Which part each piece of the source goes with, from one side of it to the other. The weights
are small at both ends, and shifts along, across and of the tips have little in common."""


def tip_shifts_mm(leaf_gap_mm: float, weights: FloatArray = WEIGHTS) -> FloatArray:
    """How far the rays of each part pass behind a tip in the mean, ascending (mm).

    s = D e^2 / 4 with e exponentially distributed; its mean over a part has a closed form.
    """
    remain = np.maximum(1.0 - np.cumsum(weights[:-1]), np.finfo(np.float64).tiny)
    bounds = -np.log(remain)
    beyond = np.concatenate(([2.0], (bounds**2 + 2.0 * bounds + 2.0) * remain, [0.0]))
    means: FloatArray = 0.25 * leaf_gap_mm * (beyond[:-1] - beyond[1:]) / weights
    return means


def source_shifts_mm(sigma_mm: float, weights: FloatArray) -> FloatArray:
    """The means of successive parts of a Gaussian, ascending (mm)."""
    normal = NormalDist()
    bounds = np.cumsum(weights[:-1])
    density = np.array([0.0, *(normal.pdf(normal.inv_cdf(float(b))) for b in bounds), 0.0])
    means: FloatArray = sigma_mm * (density[:-1] - density[1:]) / weights
    return means


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
        soft = any(gaps) or any(blur > least for blur in known)
        weights = WEIGHTS if soft else np.ones(1)
        to_isocentre = machine.sad_mm / sid_mm
        rest = {
            name: Shifts(*_shifts(_rest(blur, least) * to_isocentre, soft=soft))
            for name, blur in (*leaves.items(), *jaws.items())
        }
        return cls(
            weights,
            least,
            {
                name: tip_shifts_mm(mlc.dosimetric_leaf_gap_mm, weights)
                for name, mlc in machine.mlcs.items()
            },
            {name: rest[name] for name in leaves},
            {name: rest[name] for name in jaws},
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


def _shifts(sigma_mm: float, *, soft: bool) -> tuple[FloatArray, FloatArray]:
    if not soft:
        return np.zeros(1), np.zeros(1)
    along, across = np.empty(COUNT), np.empty(COUNT)
    along[_ALONG] = source_shifts_mm(sigma_mm, WEIGHTS[_ALONG])
    across[_ACROSS] = source_shifts_mm(sigma_mm, WEIGHTS[_ACROSS])
    return along, across
