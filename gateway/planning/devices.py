"""Whether a machine has the beam limiting devices that a plan names."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.findings import Finding, error
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.plan import Beam, BeamLimitingDevice

BOUNDARY_SLACK_MM = 0.01


def device_findings(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """An error for each device of ``beam`` that ``machine`` has not, or has otherwise."""
    path = f"{beam.path}.BeamLimitingDeviceSequence"
    for kind, device in beam.devices.items():
        if kind in JAW_DEVICES:
            if not set(JAW_DEVICES[kind]) <= set(machine.jaw_axes):
                has = ", ".join(machine.jaw_types) or "none"
                yield error("device-absent", path, f"jaws {kind}: {machine.name} has {has}")
        elif kind not in machine.mlcs:
            has = ", ".join(machine.mlcs) or "none"
            yield error("device-absent", path, f"leaves {kind}: {machine.name} has {has}")
        else:
            yield from _different_leaves(device, machine.mlcs[kind], machine.name, path)


def _different_leaves(
    device: BeamLimitingDevice, mlc: MlcModel, machine: str, path: str
) -> Iterator[Finding]:
    if device.pairs != mlc.pairs:
        yield error(
            "leaf-pairs",
            path,
            f"{device.type} has {device.pairs} pairs in the plan, {mlc.pairs} on {machine}",
        )
    elif device.boundaries_mm is None:
        yield error("leaf-boundaries", path, f"{device.type} states no leaf boundaries")
    elif not _same(device, mlc.boundaries_mm):
        off = np.abs(device.boundaries_mm - mlc.boundaries_mm)
        where = int(np.argmax(off > BOUNDARY_SLACK_MM))
        yield error(
            "leaf-boundaries",
            path,
            f"{device.type} boundary {where + 1} is at {device.boundaries_mm[where]:g} mm in the "
            f"plan, at {mlc.boundaries_mm[where]:g} mm on {machine}",
        )


def devices_of(beams: Iterable[Beam]) -> Mapping[str, BeamLimitingDevice]:
    """Every device any of ``beams`` has, by type; the first of each type."""
    found: dict[str, BeamLimitingDevice] = {}
    for beam in beams:
        for kind, device in beam.devices.items():
            found.setdefault(kind, device)
    return found


def differing_devices(beams: Iterable[Beam]) -> Iterator[Finding]:
    """An error for each MLC that has other leaves in one beam than in another."""
    first: dict[str, BeamLimitingDevice] = {}
    for beam in beams:
        for kind, device in beam.devices.items():
            known = first.setdefault(kind, device)
            if kind in JAW_DEVICES:
                continue
            path = f"{beam.path}.BeamLimitingDeviceSequence"
            if device.boundaries_mm is None:
                yield error("leaf-boundaries", path, f"{kind} states no leaf boundaries")
            elif not _same(device, known.boundaries_mm):
                yield error(
                    "devices-differ", path, f"{kind} has other leaves here than in earlier beams"
                )


def jaw_axes_of(kinds: Iterable[str]) -> frozenset[Axis]:
    """The jaw axes behind device types: X is ASYMX that moves symmetrically."""
    return frozenset(axis for kind in kinds if kind in JAW_DEVICES for axis in JAW_DEVICES[kind])


def _same(device: BeamLimitingDevice, boundaries: object) -> bool:
    return (
        device.boundaries_mm is not None
        and isinstance(boundaries, np.ndarray)
        and device.boundaries_mm.shape == boundaries.shape
        and bool((np.abs(device.boundaries_mm - boundaries) <= BOUNDARY_SLACK_MM).all())
    )
