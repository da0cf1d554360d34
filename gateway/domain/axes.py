"""The axes of a linac room and the order in which their positions stand in a sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Axis(StrEnum):
    """A scalar axis, IEC 61217. Jaws are named by their side (X1 is the negative X side)."""

    GANTRY = "gantry"
    COLLIMATOR = "collimator"
    COUCH_ROTATION = "couch_rotation"
    COUCH_PITCH = "couch_pitch"
    COUCH_ROLL = "couch_roll"
    COUCH_VERTICAL = "couch_vertical"
    COUCH_LONGITUDINAL = "couch_longitudinal"
    COUCH_LATERAL = "couch_lateral"
    X1 = "X1"
    X2 = "X2"
    Y1 = "Y1"
    Y2 = "Y2"

    @property
    def is_angle(self) -> bool:
        """Whether the axis turns."""
        return self in ROTATIONS

    @property
    def unit(self) -> str:
        """``deg`` or ``mm``."""
        return "deg" if self.is_angle else "mm"


ROTATIONS = frozenset(
    {Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION, Axis.COUCH_PITCH, Axis.COUCH_ROLL}
)
JAWS = (Axis.X1, Axis.X2, Axis.Y1, Axis.Y2)
COUCH_TRANSLATIONS = (Axis.COUCH_VERTICAL, Axis.COUCH_LONGITUDINAL, Axis.COUCH_LATERAL)

JAW_DEVICES: Mapping[str, tuple[Axis, Axis]] = {
    "X": (Axis.X1, Axis.X2),
    "ASYMX": (Axis.X1, Axis.X2),
    "Y": (Axis.Y1, Axis.Y2),
    "ASYMY": (Axis.Y1, Axis.Y2),
}
"""RT Beam Limiting Device Type (300A,00B8) of jaws, and the two axes each moves."""

MLC_DEVICES = ("MLCX", "MLCY", "MLCX1", "MLCX2")
"""RT Beam Limiting Device Type of leaves. MLCX1 and MLCX2 are the layers of a dual-layer MLC."""


def banks(device: str) -> tuple[str, str]:
    """The two bank names of an MLC: the side DICOM lists first (101..1N), then the other."""
    return ("Y1", "Y2") if device == "MLCY" else ("X1", "X2")


@dataclass(frozen=True)
class AxisLayout:
    """Which positions a machine reports, in which order: scalar axes, then MLCs.

    An MLC of N pairs takes 2N places in DICOM order: leaves 1..N of the negative bank, then
    1..N of the positive bank.
    """

    scalars: tuple[Axis, ...]
    mlcs: tuple[tuple[str, int], ...]

    @cached_property
    def size(self) -> int:
        """How many positions a sample has."""
        return len(self.scalars) + sum(2 * pairs for _, pairs in self.mlcs)

    @cached_property
    def mlc_slices(self) -> Mapping[str, slice]:
        """Where each MLC stands in a sample."""
        slices: dict[str, slice] = {}
        start = len(self.scalars)
        for device, pairs in self.mlcs:
            slices[device] = slice(start, start + 2 * pairs)
            start += 2 * pairs
        return slices

    @cached_property
    def names(self) -> tuple[str, ...]:
        """One column name a position: ``gantry``, ..., ``MLCX_X1_01``, ..."""
        leaves = (
            f"{device}_{bank}_{leaf:02d}"
            for device, pairs in self.mlcs
            for bank in banks(device)
            for leaf in range(1, pairs + 1)
        )
        return (*(axis.value for axis in self.scalars), *leaves)
