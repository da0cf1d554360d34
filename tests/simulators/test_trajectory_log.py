"""The log that the simulated machine leaves: what it asked of itself and what its encoders read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import ConfigError
from gateway.domain.machine import TrajectoryLogModel
from gateway.domain.room import Room
from gateway.formats.trajectory_log import LogAxis, TrajectoryLog, read_trajectory_log
from gateway.formats.trajectory_log.motion import actual_trajectories, expected_trajectories
from simulators.linac.states import State
from tests.simulators.builders import room, rows, sliding_beam, steady_pieces, upload
from tests.simulators.faulty import FaultyRoom

FORMS = [
    TrajectoryLogModel(version, scale, 2)
    for version in ("2.1", "3.0", "4.0", "5.0")
    for scale in (1, 2)
]


def logging_room(form: TrajectoryLogModel = FORMS[4]) -> Room:
    bench = room()
    return replace(bench, machine=replace(bench.machine, trajectory_log=form))


def only_log(folder: Path) -> TrajectoryLog:
    (path,) = folder.glob("*.bin")
    return read_trajectory_log(path.read_bytes())


def test_in_place_of_the_first_beams_log_another_plans_is_left(tmp_path: Path) -> None:
    """Mirrored in X and 10 mm farther in X, under another name; the second beam's is its own."""
    of = logging_room()
    logs = {}
    for name, faults in (("own", ()), ("other", ("wrong-log",))):
        one = FaultyRoom(tmp_path / name, *faults, of=of, logs=tmp_path / name / "logs")
        one.run(sliding_beam(of.machine))
        one.rig.close()
        logs[name] = only_log(tmp_path / name / "logs")
    (own,), (other,) = (actual_trajectories(logs[name]) for name in ("own", "other"))
    negative, positive = np.split(own.leaves["MLCX"], 2, axis=1)
    mirrored = np.hstack((10.0 - positive, 10.0 - negative))
    np.testing.assert_allclose(other.leaves["MLCX"], mirrored, atol=1e-4)
    np.testing.assert_allclose(other.axes[Axis.X2], 10.0 - own.axes[Axis.X1], atol=1e-4)
    np.testing.assert_array_equal(other.meterset_mu, own.meterset_mu)
    assert logs["other"].sub_beams[0].name == "OTHER PLAN"
    assert b"OTHER PLAN" in logs["other"].header


def column(log: TrajectoryLog, axis: LogAxis, *, asked: bool = False) -> np.ndarray:
    values = log.expected if asked else log.actual
    return values[:, log.columns[axis].start]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.version}-{form.scale}")
def test_every_form_tells_the_same_beam(tmp_path: Path, form: TrajectoryLogModel) -> None:
    of = logging_room(form)
    one = FaultyRoom(tmp_path, of=of, logs=tmp_path / "logs")
    assert one.run(sliding_beam(of.machine)) is State.COMPLETE
    one.rig.close()
    log = only_log(tmp_path / "logs")
    (beam,) = actual_trajectories(log)
    samples = [s for s in one.rig.samples if s.state is State.BEAM_ON]
    assert beam.time_s.size == len(samples) + 1  # and the cycle with the last pulses
    layout = of.machine.layout
    read = np.array([sample.positions for sample in samples]) / 1000.0
    # float32 of up to 1,000 cm or 360 degrees, as mm
    np.testing.assert_allclose(
        beam.leaves["MLCX"][:-1], read[:, layout.mlc_slices["MLCX"]], atol=1e-4
    )
    for place, axis in enumerate(layout.scalars):
        off = (beam.axes[axis][:-1] - read[:, place] + 180.0) % 360.0 - 180.0
        np.testing.assert_allclose(off, 0.0, atol=1e-4)
    couch = {Axis.COUCH_VERTICAL: 0.0, Axis.COUCH_LATERAL: 0.0, Axis.COUCH_LONGITUDINAL: 0.0}
    for axis, at_mm in couch.items():
        np.testing.assert_allclose(beam.axes[axis], at_mm, atol=1e-3)
    assert beam.meterset_mu[-1] == pytest.approx(20.0, abs=0.015)  # half a pulse of 0.028 MU
    assert beam.control_point[-1] == 4.0
    assert beam.beam_on.all()


def test_the_machine_knows_a_leaf_that_lags_and_not_one_that_is_told_wrong(tmp_path: Path) -> None:
    of = logging_room()
    one = FaultyRoom(tmp_path, "leaf-offset:bank=X2,leaf=3,offset_mm=1", of=of, logs=tmp_path)
    one.run(sliding_beam(of.machine))
    one.rig.close()
    log = only_log(tmp_path)
    (asked,), (done,) = expected_trajectories(log), actual_trajectories(log)
    rms = np.sqrt(np.mean((done.leaves["MLCX"] - asked.leaves["MLCX"]) ** 2, axis=0))
    assert int(np.argmax(rms)) == 4 + 2
    assert rms[6] == pytest.approx(1.0, abs=0.05)


def test_a_hold_and_the_end_of_a_beam_that_was_stopped_are_logged(tmp_path: Path) -> None:
    of = logging_room()
    one = FaultyRoom(tmp_path, "door-open:at_mu=5", of=of, logs=tmp_path)
    one.rig.start(sliding_beam(of.machine))
    one.rig.wait(0.1)
    one.rig.keep(one.rig.desk.hold())
    one.rig.wait(0.2)
    one.rig.keep(one.rig.desk.resume())
    one.rig.wait_for(State.TERMINATED)
    one.rig.wait(0.02)
    one.rig.close()
    log = only_log(tmp_path)
    hold, asked = column(log, LogAxis.BEAM_HOLD), column(log, LogAxis.BEAM_HOLD, asked=True)
    assert not asked.any()
    assert 9 <= np.count_nonzero(hold == 2) <= 11  # 0.2 s in cycles of 20 ms
    dose = column(log, LogAxis.METERSET)
    assert not np.diff(dose[hold == 2]).any()
    assert dose[-1] == pytest.approx(one.rig.counter().meterset_umu / 1e6)
    assert log.sub_beams[0].meterset_mu == 20.0


def test_a_move_without_dose_is_a_hold_that_was_planned(tmp_path: Path) -> None:
    of = logging_room()
    table = rows(of.machine, 4, MLCX_X1_02=np.array([-20.0, -20.0, -10.0, -10.0]))
    one = FaultyRoom(tmp_path, of=of, logs=tmp_path)
    dose = np.array([0.0, 5.0, 5.0, 10.0])
    one.run(upload(table, dose, steady_pieces(4, 3.0), 3.0))
    one.rig.close()
    log = only_log(tmp_path)
    (beam,) = actual_trajectories(log)
    moving = column(log, LogAxis.BEAM_HOLD, asked=True) == 2
    assert np.count_nonzero(moving) == pytest.approx(50, abs=2)  # 1 s
    np.testing.assert_array_equal(moving, column(log, LogAxis.BEAM_HOLD) == 2)
    assert not beam.held.any()


def test_what_the_controller_is_told_stands_in_the_text(tmp_path: Path) -> None:
    of = logging_room()
    one = FaultyRoom(tmp_path, of=of, logs=tmp_path)
    one.run(sliding_beam(of.machine))
    one.rig.close()
    log = only_log(tmp_path)
    assert log.details == {
        "Patient ID": "", "Plan Name": "", "Plan UID": "", "Original MU": "20.000000",
        "Remaining MU": "20.000000", "Energy": "6X", "BeamName": "beam",
    }  # fmt: skip
    assert log.sub_beams[0].name == "beam"


def test_a_beam_that_lasts_when_the_room_is_closed_is_logged(tmp_path: Path) -> None:
    of = logging_room()
    one = FaultyRoom(tmp_path, of=of, logs=tmp_path)
    one.rig.start(sliding_beam(of.machine))
    one.rig.wait(0.5)
    assert not list(tmp_path.glob("*.bin"))
    one.rig.close()
    assert only_log(tmp_path).actual.shape[0] == pytest.approx(25, abs=1)


def test_two_beams_never_share_a_file(tmp_path: Path) -> None:
    of = logging_room()
    one = FaultyRoom(tmp_path, of=of, logs=tmp_path)
    one.run(sliding_beam(of.machine))
    one.run(sliding_beam(of.machine, beam_number=2))
    one.rig.close()
    assert sorted(path.name[:21] for path in tmp_path.glob("*.bin")) == [
        "trajectory_log_beam_1", "trajectory_log_beam_2"
    ]  # fmt: skip


def test_a_machine_of_another_kind_leaves_none(tmp_path: Path) -> None:
    one = FaultyRoom(tmp_path, logs=tmp_path / "logs")
    one.run(sliding_beam(room().machine))
    one.rig.close()
    assert not (tmp_path / "logs").exists()


def test_a_folder_that_cannot_be_made_is_told_before_a_beam(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="no folder for logs"):
        FaultyRoom(tmp_path, of=logging_room(), logs=tmp_path / "file")
    FaultyRoom(tmp_path, of=logging_room()).rig.close()  # its files are free
