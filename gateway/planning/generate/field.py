"""A beam in the making: its apertures and angles at every control point, device by device."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.machine import BeamMode, MachineModel, MlcModel
from gateway.domain.plan import Accessory
from gateway.domain.units import BoolArray, FloatArray

POSITION_DECIMALS = 2
EDGE_MM = 1e-6


@dataclass(frozen=True, slots=True)
class FieldBeam:
    """What tells one generated beam from another.

    ``weight`` runs from 0 to 1 over ``n`` control points; ``angles`` hold n values each, 0 to 360
    degree, and ``rotation`` n directions each (absent: NONE). ``jaws_mm`` are the four sides;
    ``leaves`` hold ``(n, 2 * pairs)`` positions by MLC.
    """

    name: str
    description: str
    mode: BeamMode
    meterset_mu: float
    weight: FloatArray
    angles: Mapping[Axis, FloatArray]
    jaws_mm: Mapping[Axis, float]
    leaves: Mapping[str, FloatArray]
    rotation: Mapping[Axis, tuple[str, ...]] = field(default_factory=dict)
    accessories: tuple[Accessory, ...] = ()


def still(
    n: int, gantry: float, collimator: float = 0.0, couch: float = 0.0
) -> dict[Axis, FloatArray]:
    """Angles (degree, 0 to 360) that do not move over ``n`` control points."""
    return {
        Axis.GANTRY: np.full(n, gantry % 360.0),
        Axis.COLLIMATOR: np.full(n, collimator % 360.0),
        Axis.COUCH_ROTATION: np.full(n, couch % 360.0),
    }


@dataclass(frozen=True, slots=True)
class Strips:
    """The leaf pairs of one MLC that a field of height ``y1`` to ``y2`` opens.

    ``centre_mm`` are the middles of all pairs across the leaves; ``inside`` marks the open ones.
    """

    mlc: MlcModel
    centre_mm: FloatArray
    inside: BoolArray

    @classmethod
    def of(cls, mlc: MlcModel, y1: float, y2: float) -> "Strips":
        """The strips of ``mlc`` that overlap ``y1`` to ``y2`` (mm)."""
        low, high = mlc.boundaries_mm[:-1], mlc.boundaries_mm[1:]
        inside = (high > y1 + EDGE_MM) & (low < y2 - EDGE_MM)
        return cls(mlc, 0.5 * (low + high), inside)


def shaped_leaves(
    machine: MachineModel, mlc: MlcModel, strips: Strips, x1: FloatArray, x2: FloatArray
) -> FloatArray:
    """Leaf positions ``(n, 2 * pairs)`` of an aperture given for every pair.

    ``x1`` and ``x2`` are ``(n, pairs)`` (mm); pairs outside of the field are parked closed: under
    the Y jaws where those move, else at the end of the leaves' travel. Leaves that may not pass
    their neighbours stay with them, at the minimum gap.
    """
    open_pair = strips.inside
    if mlc.interdigitation:
        closed = np.full_like(x1, _parking_mm(machine, mlc))
        park1, park2 = closed, closed
    else:
        middle = 0.5 * (x1[:, open_pair].max(axis=1) + x2[:, open_pair].min(axis=1))[:, None]
        half_gap = np.full_like(x1, 0.5 * mlc.minimum_gap_mm)
        park1, park2 = middle - half_gap, middle + half_gap
    bank1 = np.where(open_pair, x1, park1)
    bank2 = np.where(open_pair, x2, park2)
    leaves: FloatArray = np.round(np.concatenate([bank1, bank2], axis=1), POSITION_DECIMALS) + 0.0
    return leaves


def _parking_mm(machine: MachineModel, mlc: MlcModel) -> float:
    covered = not machine.fixed_jaws and Axis.Y1 in machine.jaw_axes
    return 0.0 if covered else min(mlc.overtravel_mm, mlc.retract_mm)


def framing_jaws(
    machine: MachineModel, x1: float, x2: float, y1: float, y2: float
) -> dict[Axis, float]:
    """The machine's jaws around a field (mm), within their range; fixed jaws stay wide open."""
    wanted = {Axis.X1: x1, Axis.X2: x2, Axis.Y1: y1, Axis.Y2: y2}
    jaws: dict[Axis, float] = {}
    for axis in machine.jaw_axes:
        limits = machine.axes[axis]
        if machine.fixed_jaws:
            outward = limits.minimum if axis in {Axis.X1, Axis.Y1} else limits.maximum
            jaws[axis] = outward
        else:
            jaws[axis] = float(np.clip(wanted[axis], limits.minimum, limits.maximum))
    return jaws


def jaw_devices(machine: MachineModel) -> tuple[str, ...]:
    """The jaw device a plan names for each direction: the asymmetric one where there is one."""
    chosen: dict[tuple[Axis, Axis], str] = {}
    for kind in machine.jaw_types:
        if JAW_DEVICES[kind] not in chosen or kind.startswith("ASYM"):
            chosen[JAW_DEVICES[kind]] = kind
    return tuple(chosen.values())


def rectangle(
    machine: MachineModel, n: int, x1: float, x2: float, y1: float, y2: float
) -> dict[str, FloatArray]:
    """Leaves of every MLC open from ``x1`` to ``x2`` and ``y1`` to ``y2`` (mm) at n points."""
    leaves: dict[str, FloatArray] = {}
    for name, mlc in machine.mlcs.items():
        strips = Strips.of(mlc, y1, y2)
        shape = (n, mlc.pairs)
        leaves[name] = shaped_leaves(machine, mlc, strips, np.full(shape, x1), np.full(shape, x2))
    return leaves
