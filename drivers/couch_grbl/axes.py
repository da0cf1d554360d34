"""IEC 61217 couch positions <-> the controller's X, Y and Z. Pure."""

import math
from collections.abc import Mapping

from drivers.couch_grbl import messages as m
from drivers.couch_grbl.codec import WIRE_AXES
from gateway.domain.axes import Axis
from gateway.domain.errors import LocalProtocolError
from gateway.domain.room import CouchAxisMap

SECONDS_PER_MINUTE = 60.0
RESOLUTION_MM = 0.001


def to_iec(wire: m.Triple, axes: Mapping[Axis, CouchAxisMap]) -> dict[Axis, float]:
    """Where the mapped axes stand, mm: iec = sign * (wire - offset)."""
    return {
        axis: row.sign * (wire[WIRE_AXES.index(row.wire_axis)] - row.offset_mm)
        for axis, row in axes.items()
    }


def to_wire(target_mm: Mapping[Axis, float], axes: Mapping[Axis, CouchAxisMap]) -> dict[str, float]:
    """The target on the wire's axes, mm: wire = sign * iec + offset.

    Raises LocalProtocolError for an axis this couch does not drive and for nan or inf.
    """
    wire = {}
    for axis, value in target_mm.items():
        if axis not in axes:
            raise LocalProtocolError(f"this couch does not drive {axis}")
        if not math.isfinite(value):
            raise LocalProtocolError(f"{value} is no position for {axis}")
        row = axes[axis]
        wire[row.wire_axis] = row.sign * value + row.offset_mm
    return wire


def jog(here: m.Triple, target: Mapping[str, float], speeds: Mapping[str, float]) -> m.Jog | None:
    """The straight jog from ``here`` to ``target`` (mm), as fast as ``speeds`` (mm/s) allow.

    Axes that stand already are left out; None when all do. The feed of a straight line is
    chosen so that no axis exceeds its own speed.
    """
    moves = {
        axis: value - here[WIRE_AXES.index(axis)]
        for axis, value in target.items()
        if abs(value - here[WIRE_AXES.index(axis)]) >= RESOLUTION_MM
    }
    if not moves:
        return None
    duration_s = max(abs(move) / speeds[axis] for axis, move in moves.items())
    feed = math.hypot(*moves.values()) / duration_s * SECONDS_PER_MINUTE
    return m.Jog({axis: target[axis] for axis in moves}, math.floor(feed * 1000) / 1000)


def on_target(here: m.Triple | None, target: Mapping[str, float], tolerance_mm: float) -> bool:
    """Whether every axis of ``target`` is known to be as close as ``tolerance_mm``."""
    return here is not None and all(
        abs(here[WIRE_AXES.index(axis)] - value) <= tolerance_mm for axis, value in target.items()
    )
