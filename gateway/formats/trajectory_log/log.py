"""A trajectory log as it stands in its file: the machine's own units, scale and order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

SnapshotArray = npt.NDArray[np.float32]


class LogAxis(IntEnum):
    """An axis as a trajectory log numbers it. Lengths are in cm, angles in degree."""

    COLLIMATOR = 0
    GANTRY = 1
    Y1 = 2
    Y2 = 3
    X1 = 4
    X2 = 5
    COUCH_VERTICAL = 6
    COUCH_LONGITUDINAL = 7
    COUCH_LATERAL = 8
    COUCH_ROTATION = 9
    COUCH_PITCH = 10
    COUCH_ROLL = 11
    METERSET = 40
    BEAM_HOLD = 41
    CONTROL_POINT = 42
    MLC = 50
    TARGET_POSITION = 60
    TRACKING_TARGET = 61
    TRACKING_BASE = 62
    TRACKING_PHASE = 63
    TRACKING_CONFORMITY = 64


class Scale(IntEnum):
    """The scale of every angle and couch position of a log."""

    MACHINE = 1
    MODIFIED_IEC_61217 = 2


class BeamHold(IntEnum):
    """Why the beam is on or off at a snapshot."""

    NORMAL = 0
    FREEZE = 1
    HOLD = 2
    DISABLED = 3


@dataclass(frozen=True, slots=True)
class SubBeam:
    """One of the beams that an automated delivery joins. ``radiation_time`` is as it was stored.

    ``encoded_name`` is UTF-7, as the machine writes it; ``reserved`` are the 32 bytes after it.
    """

    control_point: int
    meterset_mu: float
    radiation_time: float
    sequence: int
    encoded_name: bytes
    reserved: bytes = bytes(32)

    @property
    def name(self) -> str:
        """The name as people read it; what is no UTF-7, and half a character of it, as Latin-1."""
        try:
            name = self.encoded_name.decode("utf-7")
            name.encode()
        except UnicodeError:
            return self.encoded_name.decode("latin-1")
        return name


@dataclass(frozen=True)
class TrajectoryLog:
    """``expected`` and ``actual`` are ``(snapshots, columns)``, read-only; see :meth:`columns`.

    The MLC has two carriages and then the leaves of bank A and of bank B, each from leaf 1; every
    position points outwards. ``header`` is what follows the fixed part of it, 1024 bytes in all.
    """

    version: str
    sampling_interval_ms: int
    axes: Sequence[tuple[LogAxis, int]]
    scale: Scale
    is_truncated: int
    mlc_model: int
    header: bytes
    sub_beams: Sequence[SubBeam]
    expected: SnapshotArray
    actual: SnapshotArray

    @cached_property
    def columns(self) -> Mapping[LogAxis, slice]:
        """Where each axis stands in a snapshot."""
        found: dict[LogAxis, slice] = {}
        start = 0
        for axis, samples in self.axes:
            found[axis] = slice(start, start + samples)
            start += samples
        return found

    @property
    def details(self) -> Mapping[str, str]:
        """What versions 4 and later tell of patient, plan and beam, by its name in the log."""
        lines = self.header.split(b"\0", 1)[0].decode("utf-8", "replace").splitlines()
        pairs = (line.partition(":") for line in lines)
        return {key.strip(): value.strip() for key, colon, value in pairs if colon}
