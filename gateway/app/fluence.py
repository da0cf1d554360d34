"""The ``fluence`` command: meterset maps of what was planned and of what was delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gateway.adapters.store import open_reader
from gateway.app.evidence import beam_evidence, stored_plan
from gateway.app.fractions import entries, find_entry
from gateway.app.intake import choose_room, find_room, read
from gateway.app.machine_log import read_machine_logs
from gateway.configuration.locate import config_roots
from gateway.configuration.machines import load_machine
from gateway.domain.errors import ConfigError, InputError, PlanRejected
from gateway.domain.findings import has_errors
from gateway.domain.grids import RegularGrid
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.planning.compile import compile_beam, planned_trajectory
from gateway.reconcile.meterset_map import MapGrid, meterset_map, meterset_map_in_collimator
from gateway.settings import Settings

PLANNED, DELIVERED = "planned", "delivered"
SMALLEST_GRID_MM, LARGEST_GRID_MM = 0.1, 50.0
"""Beyond, a map has 16 million pixels, or hardly any."""


@dataclass(frozen=True, slots=True)
class FluenceRequest:
    """What is asked for. ``source`` is a plan file or a delivery; None: the logs alone."""

    source: str | None
    logs: Sequence[Path]
    machine: str | None
    room: str | None
    fraction_group: int | None
    beams: Sequence[int]
    grid_mm: float
    in_collimator: bool


@dataclass(frozen=True, slots=True)
class BeamMotion:
    """One beam as planned and as delivered, where there is such a thing."""

    number: int
    name: str
    planned: Trajectory | None
    delivered: Trajectory | None


@dataclass(frozen=True, slots=True)
class BeamMaps:
    """The maps of one beam, by PLANNED and DELIVERED; MU in pixels (y, x)."""

    number: int
    name: str
    maps: Mapping[str, RegularGrid]


def fluence_maps(request: FluenceRequest, settings: Settings) -> tuple[BeamMaps, ...]:
    """Read, compile and map. Raises InputError, PlanRejected and ConfigError."""
    if not SMALLEST_GRID_MM <= request.grid_mm <= LARGEST_GRID_MM:
        raise ConfigError(
            f"--grid {request.grid_mm:g}: wants {SMALLEST_GRID_MM:g} to {LARGEST_GRID_MM:g} mm"
        )
    machine, beams = _motions(request, settings)
    grid = MapGrid.square(request.grid_mm)
    mapped = meterset_map_in_collimator if request.in_collimator else meterset_map
    return tuple(
        BeamMaps(
            beam.number,
            beam.name,
            {
                which: mapped(machine, trajectory, grid)
                for which, trajectory in ((PLANNED, beam.planned), (DELIVERED, beam.delivered))
                if trajectory is not None
            },
        )
        for beam in beams
    )


def _motions(
    request: FluenceRequest, settings: Settings
) -> tuple[MachineModel, Sequence[BeamMotion]]:
    if request.source is None:
        return _of_logs(request, settings)
    if Path(request.source).exists():
        return _of_plan(request, settings)
    if request.logs or Path(request.source).suffix:
        raise InputError(f"{request.source}: no such file")
    return _of_delivery(request, settings)


def _of_logs(
    request: FluenceRequest, settings: Settings
) -> tuple[MachineModel, Sequence[BeamMotion]]:
    if not request.logs:
        raise ConfigError("fluence wants a plan file, a delivery or --log FILE")
    if request.machine is None:
        raise ConfigError("--log without a plan does not tell the machine: give --machine NAME")
    machine = load_machine(request.machine, config_roots(settings.site))
    logged = _logged(request)
    beams = [BeamMotion(place, "", None, beam) for place, beam in enumerate(logged, start=1)]
    return machine, _wanted(beams, request.beams)


def _of_plan(
    request: FluenceRequest, settings: Settings
) -> tuple[MachineModel, Sequence[BeamMotion]]:
    """The beams of one fraction group; those of the logs are theirs, in the same order."""
    _, plan, _ = read(Path(str(request.source)), request.fraction_group)
    room, findings = choose_room(plan, settings, request.room)
    if has_errors(findings):
        raise PlanRejected(findings)
    beams = [
        BeamMotion(beam.number, beam.name, planned_trajectory(compile_beam(beam, room)), None)
        for beam in plan.beams.values()
        if not request.beams or beam.number in request.beams
    ]
    beams = list(_wanted(beams, request.beams))
    if request.logs:
        logged = _logged(request)
        if len(logged) != len(beams):
            raise InputError(
                f"the logs hold {len(logged)} beams where the plan has {len(beams)}: name the "
                "plan's beams that they are of with --beam N"
            )
        beams = [
            replace(beam, delivered=delivered)
            for beam, delivered in zip(beams, logged, strict=True)
        ]
    return room.machine, beams


def _of_delivery(
    request: FluenceRequest, settings: Settings
) -> tuple[MachineModel, Sequence[BeamMotion]]:
    store = open_reader(settings.store)
    try:
        entry = find_entry(entries(store), str(request.source), settings)
        evidence = beam_evidence(store, entry, stored_plan(store, entry))
    finally:
        store.close()
    beams = [
        BeamMotion(
            item.beam.number,
            item.beam.name,
            item.planned,
            _from_start(item.delivered, item.delivery.start_meterset_mu),
        )
        for item in evidence
    ]
    return find_room(settings, entry.room).machine, _wanted(beams, request.beams)


def _from_start(delivered: Trajectory | None, start_mu: float) -> Trajectory | None:
    """With a first row before any dose: the first sample counts what its own cycle gave."""
    if delivered is None or delivered.meterset_mu[0] <= start_mu:
        return delivered
    rows = np.concatenate(([0], np.arange(delivered.meterset_mu.size)))
    return replace(
        delivered,
        time_s=delivered.time_s[rows],
        meterset_mu=np.concatenate(([start_mu], delivered.meterset_mu)),
        control_point=delivered.control_point[rows],
        axes={axis: at[rows] for axis, at in delivered.axes.items()},
        leaves={device: at[rows] for device, at in delivered.leaves.items()},
        beam_on=delivered.beam_on[rows],
        held=delivered.held[rows],
    )


def _logged(request: FluenceRequest) -> Sequence[Trajectory]:
    """Every beam of the logs. Raises InputError; a dynalog's shares of dose stay shares."""
    return [beam for log in read_machine_logs(request.logs) for beam in log.beams]


def _wanted(beams: Sequence[BeamMotion], numbers: Sequence[int]) -> Sequence[BeamMotion]:
    unknown = sorted(set(numbers) - {beam.number for beam in beams})
    if unknown:
        there = ", ".join(str(beam.number) for beam in beams)
        raise ConfigError(f"--beam {unknown[0]}: there are {there}")
    return [beam for beam in beams if not numbers or beam.number in numbers]
