"""Meterset maps of an arc of 178 control points and 80 leaf pairs, beside pymedphys."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom import dcmread

from gateway.app.fluence import FluenceRequest, fluence_maps
from gateway.app.generate import write_generated_plan
from gateway.app.intake import take_in
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.planning.compile import compile_beam, planned_trajectory
from gateway.reconcile.meterset_map import MapGrid, meterset_map, meterset_map_in_collimator
from tests import oracles
from tests.bench.figure import Better, Context, Figure
from tests.bench.plans import bench_settings

ELEKTA = "agility"
"""The only machines whose plans pymedphys reads."""
MAP_GOAL, WHOLE_GOAL, ERROR_GOAL_MU = 2000.0, 60.0, 1e-9
RUNS, PEER_RUNS = 25, 3
GROWTH = (1, 4, 16)
SIDES_MM = (150.0, 200.0)
TURNED = "at the plan's collimator angle"


def meterset_map_figures(folder: Path) -> Iterable[Figure]:
    """Ratios to pymedphys of the map and of plan file to map, the error, and how cost grows."""
    yield from _beside_peer(folder, _one_arc(folder), ", field of 100 mm")
    for side_mm in SIDES_MM:
        yield from _beside_peer(folder, _open_arc(folder, side_mm), f", field of {side_mm:g} mm")
    arc, machine = _compiled(folder, _one_arc(folder))
    yield _error(machine, arc)
    yield from _growth(machine, arc)


def _compiled(folder: Path, path: Path) -> tuple[Trajectory, MachineModel]:
    settings = bench_settings(folder)
    intake = take_in(path, settings, fraction_group=None, room_name=ELEKTA)
    (beam,) = intake.plan.beams.values()
    return planned_trajectory(compile_beam(beam, intake.room)), intake.room.machine


def _beside_peer(folder: Path, path: Path, name: str) -> Iterable[Figure]:
    settings = bench_settings(folder)
    arc, machine = _compiled(folder, path)
    out = folder / "theirs.npy"
    theirs = oracles.ask(
        "meterset_map", 900.0, plan=path, fraction_group=1, out=out, runs=PEER_RUNS
    )
    peer_map_s = statistics.median(theirs["map_cpu_s"])
    peer_whole_s = statistics.median(theirs["whole_cpu_s"])
    difference = _difference(np.load(out)[::-1, ::-1], theirs, machine, arc)

    def whole(*, in_collimator: bool) -> object:
        request = FluenceRequest(str(path), (), None, ELEKTA, None, (), 1.0, in_collimator)
        return fluence_maps(request, settings)

    ours_s = _cpu_s(lambda: meterset_map_in_collimator(machine, arc))
    turned_s = _cpu_s(lambda: meterset_map(machine, arc))
    about: Context = {"peer_cpu_s": peer_map_s, "cpu_s": ours_s, "rows": arc.time_s.size}
    yield _ratio(
        f"meterset map, 1 mm{name}", peer_map_s / ours_s, MAP_GOAL, {**about, **difference}
    )
    yield _ratio(
        f"meterset map {TURNED}, 1 mm{name}", peer_map_s / turned_s, None, {"cpu_s": turned_s}
    )
    whole_s = _cpu_s(lambda: whole(in_collimator=True))
    whole_turned_s = _cpu_s(lambda: whole(in_collimator=False))
    about = {"peer_cpu_s": peer_whole_s, "cpu_s": whole_s, "turned_cpu_s": whole_turned_s}
    yield _ratio(f"from plan file to meterset map{name}", peer_whole_s / whole_s, WHOLE_GOAL, about)


def _one_arc(folder: Path) -> Path:
    path = folder / "agility.dcm"
    write_generated_plan("vmat", ELEKTA, 1, path, bench_settings(folder))
    dataset = dcmread(path)
    dataset.BeamSequence = dataset.BeamSequence[:1]
    (group,) = dataset.FractionGroupSequence
    group.ReferencedBeamSequence = group.ReferencedBeamSequence[:1]
    group.NumberOfBeams = 1
    dataset.save_as(path)
    return path


def _open_arc(folder: Path, side_mm: float) -> Path:
    """The arc with another field, its leaves moving up to 12 mm between control points."""
    dataset = dcmread(_one_arc(folder))
    (beam,) = dataset.BeamSequence
    pair, reach = np.arange(80.0), 0.5 * side_mm
    half = np.where(np.abs(pair - 39.5) < 0.1 * side_mm, 0.15 * side_mm, 2.0)
    for place, point in enumerate(beam.ControlPointSequence):
        middle = 0.275 * side_mm * np.sin(2.0 * np.pi * (place / 30.0 + pair / 160.0))
        for device in point.get("BeamLimitingDevicePositionSequence", ()):
            if device.RTBeamLimitingDeviceType == "MLCX":
                banks = np.round(np.concatenate((middle - half, middle + half)), 2)
                device.LeafJawPositions = banks.tolist()
            else:
                device.LeafJawPositions = [-reach, reach]
    path = folder / f"agility-{side_mm:g}.dcm"
    dataset.save_as(path)
    return path


def _cpu_s(work: Callable[[], object]) -> float:
    """The median of processor time; once unseen for what is compiled or loaded."""
    work()
    taken = []
    for _ in range(RUNS):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def _ratio(name: str, value: float, goal: float | None, context: Context) -> Figure:
    return Figure(name, value, "times pymedphys", Better.HIGHER, goal, context)


def _difference(
    peer: FloatArray, answer: dict[str, list[float]], machine: MachineModel, arc: Trajectory
) -> Context:
    first = (-answer["y_mm"][-1], -answer["x_mm"][-1])
    grid = MapGrid(*peer.shape, first, 1.0)
    ours = meterset_map_in_collimator(machine, arc, grid).values
    return {
        "largest_difference_mu": float(np.abs(ours - peer).max()),
        "highest_mu": float(peer.max()),
    }


def _error(machine: MachineModel, arc: Trajectory) -> Figure:
    """A closed form does not change where segments are cut; steps in time would."""
    wrong = max(
        float(np.abs(mapped(machine, _cut(arc, 7)).values - mapped(machine, arc).values).max())
        for mapped in (meterset_map, meterset_map_in_collimator)
    )
    return Figure("error of the meterset map", wrong, "MU", Better.LOWER, ERROR_GOAL_MU)


def _cut(arc: Trajectory, pieces: int) -> Trajectory:
    """Every segment as so many of equal meterset."""
    rows = np.arange(arc.time_s.size, dtype=float)
    at = np.linspace(0.0, rows[-1], (rows.size - 1) * pieces + 1)
    row = np.minimum(at.astype(np.intp), rows.size - 2)
    share = at - row

    def cut(values: FloatArray) -> FloatArray:
        steps = np.diff(values, axis=0)[row]
        return values[row] + (share if values.ndim == 1 else share[:, np.newaxis]) * steps

    return replace(
        arc,
        time_s=cut(arc.time_s),
        meterset_mu=cut(arc.meterset_mu),
        control_point=cut(arc.control_point),
        axes={axis: cut(values) for axis, values in arc.axes.items()},
        leaves={device: cut(values) for device, values in arc.leaves.items()},
        beam_on=arc.beam_on[row],
        held=arc.held[row],
    )


def _again(arc: Trajectory, times: int) -> Trajectory:
    """To and fro along the arc, so that the work of each segment stays the same."""
    size = arc.time_s.size
    to, fro = np.arange(size), np.arange(size)[::-1]
    rows = np.concatenate([to if turn % 2 == 0 else fro for turn in range(times)])
    given = np.abs(np.diff(arc.meterset_mu[rows], prepend=arc.meterset_mu[rows[0]]))
    return replace(
        arc,
        time_s=np.arange(rows.size, dtype=float),
        meterset_mu=np.cumsum(given),
        control_point=arc.control_point[rows],
        axes={axis: values[rows] for axis, values in arc.axes.items()},
        leaves={device: values[rows] for device, values in arc.leaves.items()},
        beam_on=arc.beam_on[rows],
        held=arc.held[rows],
    )


def _growth(machine: MachineModel, arc: Trajectory) -> Iterable[Figure]:
    """Cost at 4 and 16 times the control points and the pixels, over 4 and 16 times the cost."""
    for name, mapped in (("", meterset_map_in_collimator), (f" {TURNED}", meterset_map)):
        longer = [_again(arc, times) for times in GROWTH]
        finer = [MapGrid.square(1.0 / np.sqrt(times)) for times in GROWTH]
        by_rows = [_cpu_s(lambda: mapped(machine, each)) for each in longer]  # noqa: B023
        by_pixels = [_cpu_s(lambda: mapped(machine, arc, each)) for each in finer]  # noqa: B023
        for what, cost in (("control points", by_rows), ("pixels", by_pixels)):
            yield Figure(
                f"meterset map{name}, 16 times the {what}",
                cost[2] / (GROWTH[2] * cost[0]),
                "of the cost in proportion",
                Better.LOWER,
                1.1,
                {f"cpu_s_{times}x": s for times, s in zip(GROWTH, cost, strict=True)},
            )
