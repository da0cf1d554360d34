"""Which room a plan belongs to."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.axes import JAW_DEVICES, MLC_DEVICES
from gateway.domain.errors import PlanRejected
from gateway.domain.findings import Finding, error, info, warning
from gateway.domain.machine import MachineModel
from gateway.domain.plan import BeamLimitingDevice, TreatmentPlan
from gateway.domain.room import Room
from gateway.planning.devices import device_findings, devices_of, differing_devices, jaw_axes_of

PREFERENCE = ("truebeam-m120", "truebeam-hd120", "halcyon", "agility")
"""Of several rooms that match, the one whose machine is named first; then by room name."""
GENERIC_ROOM = "generic"
"""The room that takes the devices of any plan; it matches by itself only after all others."""


def match_room(plan: TreatmentPlan, rooms: Sequence[Room]) -> tuple[Room, tuple[Finding, ...]]:
    """The simulated room of ``rooms`` whose machine has exactly the plan's devices.

    Jaws X and ASYMX (Y and ASYMY) are the same, leaf boundaries are equal within 0.01 mm. Where
    none matches, the generic room with a machine made of the plan's own devices and the generic
    limits and energies; a finding says so. Raises PlanRejected when there is no such room.
    """
    simulated = sorted((room for room in rooms if room.simulated), key=_rank)
    for room in simulated:
        if _matches(plan, room.machine):
            text = f"room {room.name}: its machine {room.machine.name} has the plan's devices"
            return room, (info("room-matched", "", text),)
    generic = next((room for room in simulated if room.name == GENERIC_ROOM), None)
    if generic is None:
        known = ", ".join(room.name for room in simulated) or "none"
        text = f"no simulated room has the plan's devices (there is: {known}); add one"
        raise PlanRejected([error("no-room", "", text)])
    return _with_devices_of(plan, generic)


def room_mismatch(plan: TreatmentPlan, room: Room) -> tuple[Finding, ...]:
    """An error for each device of the plan that the machine of a named room cannot take."""
    return tuple(
        finding for beam in plan.beams.values() for finding in device_findings(beam, room.machine)
    )


def _rank(room: Room) -> tuple[bool, int, str]:
    machine = room.machine.name
    place = PREFERENCE.index(machine) if machine in PREFERENCE else len(PREFERENCE)
    return (room.name == GENERIC_ROOM, place, room.name)


def _matches(plan: TreatmentPlan, machine: MachineModel) -> bool:
    devices = devices_of(plan.beams.values())
    return (
        bool(devices)
        and jaw_axes_of(devices) == frozenset(machine.jaw_axes)
        and {kind for kind in devices if kind in MLC_DEVICES} == set(machine.mlcs)
        and not any(
            finding for beam in plan.beams.values() for finding in device_findings(beam, machine)
        )
    )


def _with_devices_of(plan: TreatmentPlan, generic: Room) -> tuple[Room, tuple[Finding, ...]]:
    differing = tuple(differing_devices(plan.beams.values()))
    if differing:
        return generic, differing
    devices = list(devices_of(plan.beams.values()).values())
    machine = _machine_of(devices, generic.machine)
    leaves = [f"{mlc.type} with {mlc.pairs} pairs" for mlc in machine.mlcs.values()]
    text = (
        f"no room's machine has the plan's devices; room {generic.name} takes them "
        f"({', '.join((*machine.jaw_types, *leaves)) or 'none'}) with generic limits and energies"
    )
    return replace(generic, machine=machine), (warning("room-derived", "", text),)


def _machine_of(devices: Sequence[BeamLimitingDevice], generic: MachineModel) -> MachineModel:
    """``generic`` with ``devices`` (every MLC with boundaries) in place of its own."""
    jaws = jaw_axes_of(device.type for device in devices)
    template = next(iter(generic.mlcs.values()))
    mlcs = {
        device.type: replace(template, type=device.type, boundaries_mm=device.boundaries_mm)
        for device in sorted(devices, key=lambda device: device.type)
        if device.type in MLC_DEVICES and device.boundaries_mm is not None
    }
    sizes = "-".join(str(mlc.pairs) for mlc in mlcs.values())
    return replace(
        generic,
        name=f"generic-{sizes or 'jaws'}",
        axes={
            axis: limits
            for axis, limits in generic.axes.items()
            if axis in jaws or axis not in generic.jaw_axes
        },
        jaw_types=tuple(kind for kind in ("ASYMX", "ASYMY") if set(JAW_DEVICES[kind]) <= set(jaws)),
        mlcs=mlcs,
    )
