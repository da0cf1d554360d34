"""Whether every axis can be where a beam wants it."""

from collections.abc import Iterator

import numpy as np

from gateway.domain.axes import COUCH_TRANSLATIONS, JAWS, Axis, banks
from gateway.domain.findings import Finding, error, warning
from gateway.domain.machine import AxisLimits, MachineModel
from gateway.domain.plan import Beam
from gateway.domain.room import Room
from gateway.domain.units import BoolArray, FloatArray, wrap_degrees
from gateway.planning.envelope import SLACK, envelope
from gateway.planning.paths import axis_path, leaf_path, seen_at
from gateway.planning.rotations import SAME_ANGLE_DEG


def axis_findings(beam: Beam, room: Room, positions: FloatArray) -> Iterator[Finding]:
    """Everything that keeps ``positions`` (of :func:`beam_positions`) from being taken up."""
    yield from _absent(beam, room.machine)
    yield from _out_of_range(beam, room.machine, positions)
    yield from _immovable(beam, room.machine, positions)
    yield from _couch(beam, room)


def direction_findings(beam: Beam) -> Iterator[Finding]:
    """Angles that change without a direction: the shorter way is taken."""
    for axis, stated in beam.axes.items():
        directions = beam.rotation.get(axis)
        if not axis.is_angle or directions is None:
            continue
        silent = np.array(directions[: stated.size - 1], dtype=np.str_) == "NONE"
        changes = np.abs(wrap_degrees(np.diff(stated))) > max(SAME_ANGLE_DEG, SLACK)
        turns = np.flatnonzero(silent & changes)
        if turns.size:
            yield warning(
                "rotation-direction",
                axis_path(beam, int(turns[0]), axis),
                f"{axis.value} changes without a rotation direction"
                f"{seen_at(int(turns[0]), turns.size)}; it goes the shorter way",
            )


def _absent(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """Axes the plan moves off 0 and the machine does not have."""
    for axis, stated in beam.axes.items():
        if axis in machine.axes or axis in COUCH_TRANSLATIONS:
            continue
        values = wrap_degrees(stated) if axis.is_angle else stated
        away = np.flatnonzero(np.abs(values) > SLACK)
        if axis in JAWS:
            yield error(
                "axis-absent",
                axis_path(beam, 0, axis),
                f"the plan positions jaw {axis.value}, which {machine.name} does not have",
            )
        elif away.size:
            yield error(
                "axis-absent",
                axis_path(beam, int(away[0]), axis),
                f"{machine.name} has no {axis.value}; the plan wants {stated[away[0]]:g} deg",
            )


def _out_of_range(beam: Beam, machine: MachineModel, positions: FloatArray) -> Iterator[Finding]:
    limits, layout = envelope(machine), machine.layout
    outside = (positions < limits.minimum) | (positions > limits.maximum)
    for column, axis in enumerate(layout.scalars):
        if outside[:, column].any():
            yield _scalar_range(beam, axis, positions[:, column], machine, outside[:, column])
    for columns in layout.mlc_slices.values():
        places = np.argwhere(outside[:, columns])
        if places.size:
            point, column = int(places[0][0]), columns.start + int(places[0][1])
            device, bank, leaf = leaf_at(machine, column)
            yield error(
                "leaf-range",
                leaf_path(beam, point),
                f"{device} {bank} leaf {leaf} at {positions[point, column]:.2f} mm"
                f"{seen_at(point, len(places))}; it goes from {limits.minimum[column]:g} to "
                f"{limits.maximum[column]:g} mm",
            )


def _scalar_range(
    beam: Beam, axis: Axis, course: FloatArray, machine: MachineModel, outside: BoolArray
) -> Finding:
    limits, point = machine.axes[axis], int(np.argmax(outside))
    reach = f"{machine.name} goes from {limits.minimum:g} to {limits.maximum:g} {axis.unit}"
    if axis.is_angle and float(np.ptp(course)) > SLACK:
        return error(
            "rotation-range",
            axis_path(beam, point, axis),
            f"the rotation of {axis.value} through {np.ptp(course):.2f} deg from "
            f"{beam.axes[axis][0]:g} deg fits nowhere; {reach}",
        )
    return error(
        "axis-range",
        axis_path(beam, point, axis),
        f"{axis.value} at {course[point]:.2f} {axis.unit}"
        f"{seen_at(point, int(outside.sum()))}; {reach}",
    )


def leaf_at(machine: MachineModel, column: int) -> tuple[str, str, int]:
    """Device, bank and leaf (from 1) of a leaf's column in the layout."""
    for device, columns in machine.layout.mlc_slices.items():
        if columns.start <= column < columns.stop:
            side, leaf = divmod(column - columns.start, machine.mlcs[device].pairs)
            return device, banks(device)[side], leaf + 1
    raise IndexError(column)


def _immovable(beam: Beam, machine: MachineModel, positions: FloatArray) -> Iterator[Finding]:
    for column, axis in enumerate(machine.layout.scalars):
        moves = np.flatnonzero(np.diff(positions[:, column]))
        if machine.axes[axis].speed <= 0 and moves.size:
            yield error(
                "axis-fixed",
                axis_path(beam, int(moves[0]) + 1, axis),
                f"{axis.value} moves; on {machine.name} it is fixed",
            )


def _couch(beam: Beam, room: Room) -> Iterator[Finding]:
    for axis in COUCH_TRANSLATIONS:
        stated = beam.axes.get(axis)
        if stated is None:
            continue
        moves = np.flatnonzero(np.abs(stated - stated[0]) > SLACK)
        if moves.size:
            yield error(
                "couch-moves",
                axis_path(beam, int(moves[0]), axis),
                f"{axis.value} changes during the beam by {np.ptp(stated):.2f} mm; the couch "
                "drive stands still while the beam is on",
            )
        elif not within(float(stated[0]), room.couch.axes[axis]):
            limits = room.couch.axes[axis]
            yield error(
                "couch-range",
                axis_path(beam, 0, axis),
                f"{axis.value} at {stated[0]:.2f} mm; {room.couch.name} goes from "
                f"{limits.minimum:g} to {limits.maximum:g} mm",
            )


def within(value: float, limits: AxisLimits) -> bool:
    """Whether ``value`` is in range, give or take the slack."""
    return limits.minimum - SLACK <= value <= limits.maximum + SLACK
