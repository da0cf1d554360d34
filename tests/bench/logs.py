"""Trajectory logs: read to a trajectory, ours beside pylinac's, and longer ones."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gateway.formats.trajectory_log import (
    LogAxis,
    Scale,
    SubBeam,
    TrajectoryLog,
    read_trajectory_log,
    write_trajectory_log,
)
from gateway.formats.trajectory_log.motion import actual_trajectories
from tests.bench.figure import Better, Figure, Spent, spent
from tests.oracles import PYTHON, ask

MINUTE_SNAPSHOTS = 3000
GOAL = 50.0
RUNS = 21
PEER_RUNS = 5
LENGTHS = (1, 4, 16)
AXES = (*((axis, 1) for axis in LogAxis if axis < LogAxis.MLC), (LogAxis.MLC, 122))


def log_figures(folder: Path) -> Iterator[Figure]:
    """The ratio to pylinac on a minute, then how the time grows with the log."""
    paths = {times: folder / f"log-{times}.bin" for times in LENGTHS}
    for times, path in paths.items():
        path.write_bytes(write_trajectory_log(arc_log(times * MINUTE_SNAPSHOTS)))
    fresh = {times: best(path, fresh_memory=True) for times, path in paths.items()}
    yield _against_pylinac(paths[1], best(paths[1], fresh_memory=False), fresh[1])
    for times in LENGTHS[1:]:
        yield Figure(
            f"trajectory log {times} times as long, time per snapshot against a minute's",
            fresh[times].cpu_s / times / fresh[1].cpu_s,
            "ratio",
            Better.LOWER,
            context={"cpu_s": fresh[times].cpu_s, "snapshots": times * MINUTE_SNAPSHOTS},
        )


def arc_log(snapshots: int) -> TrajectoryLog:
    """A version 4.0 log of an arc: the gantry turns, every leaf sways, dose rises evenly."""
    place = {axis: number for number, (axis, _) in enumerate(AXES)}
    share = np.linspace(0.0, 1.0, snapshots)
    values = np.zeros((snapshots, sum(samples for _, samples in AXES)))
    values[:, place[LogAxis.GANTRY]] = 359.0 - 358.0 * share
    values[:, place[LogAxis.METERSET]] = 500.0 * share
    values[:, place[LogAxis.CONTROL_POINT]] = 177.0 * share
    leaves = np.arange(120)
    mlc = place[LogAxis.MLC] + 2
    values[:, mlc:] = 4.0 + 2.0 * np.sin(9.0 * share[:, np.newaxis] + leaves / 20.0)
    text = "".join(
        f"{key}:\t{value}\r\n"
        for key, value in {
            "Patient ID": "", "Plan Name": "", "Plan UID": "", "Original MU": "500",
            "Remaining MU": "500", "Energy": "6X", "BeamName": "Arc",
        }.items()
    )  # fmt: skip
    beams = (SubBeam(0, 500.0, 60.0, 0, b"Arc"),)
    expected = values.astype(np.float32)
    actual = (values + 0.002).astype(np.float32)
    return TrajectoryLog(
        "4.0", 20, AXES, Scale.MACHINE, 0, 2, text.encode(), beams, expected, actual
    )


def best(path: Path, *, fresh_memory: bool) -> Spent:
    """From the file to trajectories in IEC 61217, the quickest of many times.

    With ``fresh_memory`` every run has to ask the system for every page anew, as the first one has;
    else runs may use the memory of those before, which a long log cannot.
    """

    def read() -> Spent:
        if fresh_memory:
            ctypes.CDLL(None).malloc_trim(0)
        beams, took = spent(lambda: actual_trajectories(read_trajectory_log(path.read_bytes())))
        if [beam.leaves["MLCX"].shape[1] for beam in beams] != [120]:
            raise ValueError("the log was not read as it was written")
        return took

    return min((read() for _ in range(RUNS)), key=lambda run: run.cpu_s)


def _against_pylinac(path: Path, ours: Spent, fresh: Spent) -> Figure:
    name = "trajectory log of a minute read, times as fast as pylinac"
    context = {
        "cpu_s": ours.cpu_s,
        "fresh_memory_cpu_s": fresh.cpu_s,
        "snapshots": MINUTE_SNAPSHOTS,
    }
    if not PYTHON.exists():
        return Figure(name, float("nan"), "ratio", Better.HIGHER, context=context)
    peer = ask("read_trajectory_log", path=path, runs=PEER_RUNS)
    if peer["snapshots"] != MINUTE_SNAPSHOTS:
        raise ValueError("pylinac read another log")
    return Figure(
        name,
        peer["cpu_s"] / ours.cpu_s,
        "ratio",
        Better.HIGHER,
        goal=GOAL,
        context={**context, "peer_cpu_s": peer["cpu_s"], "peer": "pylinac 3.49"},
    )
