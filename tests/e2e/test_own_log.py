"""The machine's own log is the log witness of a delivery; without one its telemetry stands in."""

from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.store import open_reader
from gateway.app import machine_log
from gateway.app.judge import judge
from gateway.domain.errors import InputError
from gateway.domain.reconciliation import Verdict
from tests.e2e.command import inside
from tests.e2e.deliveries import delivered, generated, settings


def test_the_log_that_the_machine_left_is_heard(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    (beam,) = finished.summary["beams"]
    assert [beam["log"]] == finished.summary["logs"]
    assert beam["image"]["log"] == "trajectory log"
    assert {tuple(pair["witnesses"]): pair["verdict"] for pair in beam["pairs"]} == {
        ("plan", "log"): "pass", ("telemetry", "log"): "pass",
    }  # fmt: skip
    shown = inside(tmp_path / "store", "reconcile", finished.entry.delivery_id)
    assert "witnesses: plan, telemetry, log, image" in shown.stdout


def test_without_a_log_telemetry_stands_for_it(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field", "agility"))
    (beam,) = finished.summary["beams"]
    assert (beam["log"], beam["pairs"], beam["image"]["log"]) == (None, [], "telemetry")


def test_a_log_that_cannot_be_read_is_no_witness_and_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_content: bytes) -> None:
        raise InputError("its checksum is wrong")

    monkeypatch.setattr(machine_log, "read_trajectory_log", damaged)
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    (beam,), (cause,) = finished.summary["beams"], finished.summary["causes"]
    assert finished.summary["verdict"] == "fail"
    assert (cause["cause"], cause["beam"]) == ("log-unreadable", 1)
    assert (beam["log"], beam["image"]["log"]) == (None, "telemetry")
    assert "cannot be read" in (finished.directory / "report.html").read_text("utf-8")
    monkeypatch.undo()
    with closing(open_reader(settings(tmp_path).store)) as store:
        again = judge(store, finished.entry.delivery_id, settings(tmp_path))
    assert again.reconciliation.verdict is Verdict.PASS


def test_another_plans_log_is_named(tmp_path: Path) -> None:
    """The image sides with the plan; telemetry does too."""
    finished = delivered(tmp_path, generated(tmp_path, "open-field"), faults=["wrong-log:beam=1"])
    summary = finished.summary
    assert summary["verdict"] == "fail"
    (cause,) = summary["causes"]
    assert (cause["cause"], cause["beam"]) == ("wrong-log", 1)
    beam = summary["beams"][0]
    assert {pair["verdict"] for pair in beam["pairs"]} == {"fail"}
    seen = {row["diagnosis"] for row in beam["image"]["differing"]}
    assert "wrong-log" in seen
    assert not seen & {"log-blind", "both", "not-followed"}


def test_the_log_of_the_beam_before_is_named(tmp_path: Path) -> None:
    plan = generated(tmp_path, "step-and-shoot")
    summary = delivered(tmp_path, plan, faults=["wrong-log:beam=2"]).summary
    (cause,) = summary["causes"]
    assert (cause["cause"], cause["beam"]) == ("wrong-log", 2)
