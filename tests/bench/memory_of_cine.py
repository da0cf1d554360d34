"""What a long arc with cine images takes of memory: the whole command, in simulated time."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import dcmread

from gateway.app.intake import take_in
from gateway.planning.compile import compile_beam
from tests.bench.figure import Better, Figure
from tests.bench.plans import MACHINE, bench_settings, one_arc
from tests.e2e.command import argv, environment

GOAL_MIB = 1536.0
ARC_S = 180.0
FRAMES_PER_S = 10
MOST_MU = 20_000.0


def cine_memory_figures(folder: Path) -> Iterable[Figure]:
    """The peak of resident memory of ``deliver --cine 10`` with an arc of three minutes."""
    plan, duration_s = _long_arc(folder)
    with TemporaryDirectory(dir=folder) as name:
        store = Path(name)
        command = argv(
            store, "deliver", str(plan), "--room", MACHINE, "--cine", str(FRAMES_PER_S),
            "--seed", "1",
        )  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"deliver ended with {process.returncode}")
        written = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    yield Figure(
        "memory of a 3-minute arc with 10 frames/s",
        usage.ru_maxrss / 1024.0,
        "MiB resident at most",
        Better.LOWER,
        GOAL_MIB,
        {
            "arc_s": duration_s,
            "written_mib": written / 2**20,
            "cpu_s": usage.ru_utime + usage.ru_stime,
        },
    )


def _long_arc(folder: Path) -> tuple[Path, float]:
    """The generated arc with so much meterset that it takes three minutes."""
    path = folder / "long-arc.dcm"
    dataset = dcmread(one_arc(folder))
    (group,) = dataset.FractionGroupSequence
    (beam,) = group.ReferencedBeamSequence
    while float(beam.BeamMeterset) < MOST_MU:
        dataset.save_as(path)
        intake = take_in(path, bench_settings(folder), fraction_group=None, room_name=MACHINE)
        (planned,) = intake.plan.beams.values()
        duration_s = compile_beam(planned, intake.room).profile.duration_s
        if duration_s >= ARC_S:
            return path, duration_s
        beam.BeamMeterset = round(1.1 * float(beam.BeamMeterset), 1)
    raise RuntimeError(f"no arc of {ARC_S:g} s below {MOST_MU:g} MU")
