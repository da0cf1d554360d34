"""Record and verdict do not wait for what is only looked at afterwards."""

from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gateway.adapters.store import open_reader
from gateway.app import finish as module
from gateway.app import image_witness
from gateway.app.finish import Finished
from gateway.app.records import reconcile_again, show, verify
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.findings import has_errors
from gateway.domain.reconciliation import Verdict
from gateway.reconcile import witnesses
from tests.e2e.deliveries import delivered, generated, settings

_KEPT = {"treatment_record.dcm", "verdict.dcm", "summary.json", "image_beam_1.dcm"}


def _fails(*_args: object, **_named: object) -> NoReturn:
    raise ZeroDivisionError("no such luck")


def _files_of(finished: Finished, folder: Path) -> set[str]:
    ours = settings(folder)
    shown: dict[str, Any] = show(ours, finished.entry.delivery_id)
    assert not has_errors(verify(ours, finished.entry.delivery_id))
    return set(shown["files"])


def test_an_image_that_cannot_be_compared_fails_the_verdict_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "compare_witnesses", _fails)
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    (cause,) = finished.summary["causes"]
    assert (cause["cause"], cause["beam"]) == ("image-not-compared", 1)
    assert finished.summary["verdict"] == "fail"
    assert {*_KEPT, "report.pdf"} <= _files_of(finished, tmp_path)
    assert "could not be compared" in (finished.directory / "report.html").read_text("utf-8")


@pytest.mark.parametrize("step", ["draw_report", "print_report", "report_document"])
def test_a_report_that_cannot_be_made_loses_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    monkeypatch.setattr(module, step, _fails)
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    assert finished.summary["verdict"] == "pass"
    files = _files_of(finished, tmp_path)
    assert files >= _KEPT
    assert "report.dcm" not in files
    assert ("report.html" in files) == (step != "draw_report")
    assert "no such luck" in caplog.text


def test_logs_that_cannot_be_taken_lose_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def untaken(*_args: object) -> NoReturn:
        raise InputError("the machine's logs cannot be taken")

    monkeypatch.setattr(module, "keep_logs", untaken)
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    assert finished.summary["verdict"] == "pass"
    assert _files_of(finished, tmp_path) >= _KEPT
    assert "cannot be taken" in caplog.text


def test_a_delivery_whose_room_is_gone_does_not_pass_for_want_of_its_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    assert finished.passed

    def gone(*_args: object) -> NoReturn:
        raise ConfigError("no room of that name")

    monkeypatch.setattr(image_witness, "_room", gone)
    with closing(open_reader(settings(tmp_path).store)) as store:
        judged = module.judge(store, finished.entry.delivery_id, settings(tmp_path))
    again = judged.reconciliation
    assert again.verdict is Verdict.FAIL
    assert [cause.cause for cause in again.causes] == ["image-not-compared"]


def test_judged_again_from_its_image_object_it_is_the_same(tmp_path: Path) -> None:
    fault = "panel-shift:beam=1,y_mm=-1"
    finished = delivered(tmp_path, generated(tmp_path, "open-field"), faults=[fault])
    assert not list(finished.directory.glob("*.u16"))
    again, passed = reconcile_again(settings(tmp_path), finished.entry.delivery_id)
    (first,), (second,) = finished.summary["causes"], again["causes"]
    assert not passed
    assert second == first | {"error": pytest.approx(first["error"], abs=1e-6)}


def test_an_image_that_is_gone_is_not_judged_away(tmp_path: Path) -> None:
    finished = delivered(tmp_path, generated(tmp_path, "open-field"))
    (finished.directory / "image_beam_1.dcm").unlink()
    again, passed = reconcile_again(settings(tmp_path), finished.entry.delivery_id)
    assert not passed
    assert [cause["cause"] for cause in again["causes"]] == ["image-not-compared"]
