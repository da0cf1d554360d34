"""pylinac and pymedphys on the same logs, in an environment of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room
from gateway.dicom.plan_file import read_plan
from gateway.domain.axes import Axis
from gateway.domain.machine import TrajectoryLogModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, wrap_degrees
from gateway.formats.trajectory_log import read_trajectory_log
from gateway.formats.trf import read_trf, trf_trajectories
from gateway.planning.trajectory import stated_trajectory
from simulators.linac.states import State
from tests import realdata
from tests.e2e.deliveries import delivered, generated
from tests.oracles import ask
from tests.simulators.builders import rows, steady_pieces, upload
from tests.simulators.faulty import FaultyRoom

VERSIONS = ("2.1", "3.0", "4.0", "5.0")
LEAF, OFF_MM = 30, 0.6
PLAN = "rtplan/elekta_monaco_dmlc_2fractiongroups.dcm"
TRFS = (
    "elekta_agility_3field_imrt_pair.trf", "v1_vmat_full_arc.trf", "v1_no_label_header_mu0.trf",
    "v3_integrity4_abutting.trf", "v1_min_segment_0x10.trf",
)  # fmt: skip


def simulated(folder: Path, name: str, version: str, scale: int, fault: str) -> Path:
    """A sliding window of 20 MU in a room of the shipped machine, its log in the given form."""
    room = load_room(name, config_roots(None))
    shipped = room.machine.trajectory_log
    assert shipped is not None
    form = TrajectoryLogModel(version, scale, shipped.mlc_model)
    machine = replace(room.machine, trajectory_log=form)
    columns = {
        leaf: np.linspace(-25.0, 15.0, 5) + (0.0 if "_X1_" in leaf else 10.0)
        for leaf in machine.layout.names
        if leaf.startswith("MLC")
    }
    beam = upload(
        rows(machine, 5, **columns), np.linspace(0.0, 20.0, 5), steady_pieces(5, 4.0), 4.0
    )
    place = folder / f"{version}-{scale}"
    place.mkdir()
    one = FaultyRoom(place, fault, of=replace(room, machine=machine), logs=place / "logs")
    assert one.run(beam) is State.COMPLETE
    one.rig.close()
    (path,) = (place / "logs").iterdir()
    return path


@pytest.mark.peer
@pytest.mark.parametrize("room", ["truebeam-m120", "truebeam-hd120"])
def test_pylinac_finds_the_leaf_in_every_version_and_scale(tmp_path: Path, room: str) -> None:
    """It numbers 1 to 60 bank A (X2), then 61 to 120 bank B; both outwards."""
    forms = [(version, scale) for version in VERSIONS for scale in (1, 2)]
    fault = f"leaf-offset:bank=X1,leaf={LEAF},offset_mm={OFF_MM}"
    paths = [simulated(tmp_path, room, *form, fault) for form in forms]
    ours = [read_trajectory_log(path.read_bytes()) for path in paths]
    answers = ask("trajectory_logs", paths=paths)["logs"]
    for (version, scale), told, log in zip(forms, answers, ours, strict=True):
        assert (told["version"], told["scale"]) == (float(version), scale)
        assert told["hd"] is (room == "truebeam-hd120")
        assert told["snapshots"] == log.actual.shape[0]
        assert told["mu"] == pytest.approx([20.0, 20.0], abs=0.02)  # half a pulse
        assert told["control_points"] == 4.0
        assert told["holds"] == 0
        upright = {1: 180.0, 2: 0.0}[scale]
        assert wrap_degrees(told["gantry"] - upright) == pytest.approx(0.0, abs=0.1)
        rms_mm = np.array(told["rms_mm"])
        assert int(np.argmax(rms_mm)) == 60 + LEAF - 1
        assert rms_mm.max() == pytest.approx(OFF_MM, abs=0.05)  # and 0.04 mm of lag
        assert np.sort(rms_mm)[-2] < 0.1
        assert [name.strip("\0 ") for name in told["beams"]] == ["beam"]
        if float(version) >= 4:
            assert told["text"] == ["6X", "beam"]


@pytest.mark.peer
def test_pylinac_reads_what_a_delivery_leaves(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "step-and-shoot"))
    paths = [finished.directory / name for name in finished.summary["logs"]]
    answers = ask("trajectory_logs", paths=paths)["logs"]
    for told, beam in zip(answers, finished.summary["beams"], strict=True):
        assert told["mu"][1] == pytest.approx(beam["delivered_mu"], abs=1e-4)
        assert told["holds"] > 10  # moves without dose, as real machines log them
        assert max(told["rms_mm"]) < 0.2


def as_pymedphys(leaves: FloatArray) -> FloatArray:
    """DICOM's order as pymedphys has it: from the other end, X2 outwards and X1 outwards."""
    negative, positive = np.split(leaves, 2, axis=1)
    return np.stack((positive[:, ::-1], -negative[:, ::-1]), axis=2)


def jaws_of(motion: Trajectory) -> FloatArray:
    return np.column_stack((motion.axes[Axis.Y2], -motion.axes[Axis.Y1]))


@pytest.mark.peer
def test_pymedphys_sees_the_same_plan_and_the_same_logs(tmp_path: Path) -> None:
    """The plan fixes what is what; with that order every row of every log is the same."""
    plan_path = realdata.real_data(PLAN)
    logs = [realdata.real_data(f"trf/{name}") for name in TRFS]
    out = tmp_path / "pymedphys.npz"
    ask("elekta_delivery", plan=plan_path, fraction_group=2, logs=logs, out=out)
    theirs = np.load(out)
    plan, _ = read_plan(plan_path).resolve(2)
    assert plan is not None
    stated = [stated_trajectory(beam) for beam in plan.beams.values()]
    leaves = np.concatenate([as_pymedphys(one.leaves["MLCX"]) for one in stated])
    np.testing.assert_allclose(theirs["plan_leaves"], leaves, atol=1e-6)
    np.testing.assert_allclose(theirs["plan_jaws"], np.concatenate([*map(jaws_of, stated)]))
    assert theirs["plan_mu"][-1] == pytest.approx(sum(b.meterset_mu for b in plan.beams.values()))
    for number, path in enumerate(logs):
        log = {name: theirs[f"log{number}_{name}"] for name in ("leaves", "jaws", "gantry", "mu")}
        begin, given_mu = 0, 0.0
        for beam in trf_trajectories(read_trf(path.read_bytes())):
            begin = found_at(log["leaves"], as_pymedphys(beam.leaves["MLCX"]), begin)
            ours = slice(begin, begin + beam.time_s.size)
            np.testing.assert_allclose(log["jaws"][ours], jaws_of(beam), atol=1e-6)
            off_deg = wrap_degrees(log["gantry"][ours] - beam.axes[Axis.GANTRY])
            np.testing.assert_allclose(off_deg, 0.0, atol=1e-6)
            # they count tenths of an MU, we count 1/64
            mu = log["mu"][ours] - given_mu
            np.testing.assert_allclose(mu, beam.meterset_mu, atol=0.1 + 1 / 64 + 1e-9)
            begin, given_mu = ours.stop, log["mu"][ours][-1]
        assert given_mu == pytest.approx(log["mu"][-1])


def found_at(rows_of_log: FloatArray, beam: FloatArray, begin: int) -> int:
    """From which row on the leaves of ``beam`` stand in ``rows_of_log``, all of them."""
    first = np.flatnonzero(np.abs(rows_of_log[begin:] - beam[0]).max(axis=(1, 2)) < 1e-6)
    for at in first + begin:
        part = rows_of_log[at : at + len(beam)]
        if part.shape == beam.shape and np.abs(part - beam).max() < 1e-6:
            return int(at)
    pytest.fail("pymedphys has other leaf positions")
