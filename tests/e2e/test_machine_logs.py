"""The simulated machine's own logs beside a delivery."""

import hashlib
from pathlib import Path

import pytest

from gateway.app.machine_log import read_machine_logs
from gateway.app.output import export
from gateway.app.records import verify
from gateway.domain.findings import has_errors
from tests.e2e.command import inside, run
from tests.e2e.deliveries import delivered, generated, settings
from tests.e2e.processes import busy_site, devices


@pytest.mark.parametrize("machine", ["truebeam-m120", "truebeam-hd120"])
def test_a_truebeam_leaves_one_log_a_beam_in_the_record(tmp_path: Path, machine: str) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "step-and-shoot", machine))
    names = finished.summary["logs"]
    assert len(names) == len(finished.summary["beams"])
    logs = read_machine_logs([finished.directory / name for name in names])
    for log, beam in zip(logs, finished.summary["beams"], strict=True):
        (motion,) = log.beams
        assert motion.meterset_mu[-1] == pytest.approx(beam["delivered_mu"], abs=1e-4)
        assert log.about["version"] == "4.0"
    findings = verify(settings(tmp_path), finished.entry.delivery_id)
    assert not has_errors(findings)
    assert set(names) <= {finding.path for finding in findings}
    export(finished.directory, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "logs").iterdir()) == names


def test_one_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        finished = delivered(folder, generated(folder, "open-field"))
        digests.append(
            {
                name: hashlib.sha256((finished.directory / name).read_bytes()).hexdigest()
                for name in finished.summary["logs"]
            }
        )
    assert digests[0]
    assert digests[0] == digests[1]


def test_a_beam_that_was_stopped_leaves_its_log_too(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field"), faults=["door-open"])
    (name,) = finished.summary["logs"]
    (log,) = read_machine_logs([finished.directory / name])
    (beam,) = finished.summary["beams"]
    assert 0 < beam["delivered_mu"] < beam["planned_mu"]
    assert log.beams[0].meterset_mu[-1] == pytest.approx(beam["delivered_mu"], abs=1e-4)


def test_an_agility_leaves_none(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field", "agility"))
    assert finished.summary["logs"] == []
    ran = inside(tmp_path / "store", "simulate", "agility", "--logs", str(tmp_path / "logs"))
    assert ran.code == 2
    assert "leaves no trajectory log" in ran.stderr


def test_a_room_that_runs_alone_leaves_its_logs_where_it_is_told(tmp_path: Path) -> None:
    """The gateway in another process never sees the log; the two together reconcile."""
    plan = generated(tmp_path, "open-field")
    site = busy_site(tmp_path, "truebeam-m120")
    logs, store = tmp_path / "logs", tmp_path / "store"
    with devices(tmp_path, "truebeam-m120", site, "--logs", str(logs)) as room:
        result = run(
            store, "--config", str(room.links), "--json", "deliver", str(plan),
            "--room", "truebeam-m120",
        )  # fmt: skip
    assert result.code == 0, result.stdout + result.stderr
    assert result.json["logs"] == []
    (path,) = logs.iterdir()
    told = inside(store, "--json", "reconcile", result.json["delivery_id"], "--log", str(path))
    assert told.code == 0, told.stdout + told.stderr
    assert {tuple(pair["witnesses"]) for pair in told.json["pairs"]} == {
        ("plan", "telemetry"), ("plan", "log"), ("telemetry", "log"),
    }  # fmt: skip
