"""Each injected fault is named by the verdict, with its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.app.records import reconcile_again
from tests.e2e.deliveries import delivered, generated, settings

CASES: list[tuple[str, Mapping[str, Any]]] = [
    (
        "stuck-leaf:beam=1,bank=X2,leaf=30,from_cp=5",
        {"axis": "MLCX", "bank": "X2", "leaf": 30, "beam": 1},
    ),
    ("leaf-offset:beam=1,bank=X1,leaf=28", {"axis": "MLCX", "bank": "X1", "leaf": 28, "beam": 1}),
    ("bank-offset:beam=1,bank=X2", {"axis": "MLCX", "bank": "X2", "leaf": None, "beam": 1}),
    ("swapped-banks:beam=1", {"axis": "MLCX", "beam": 1}),
    ("gantry-lag:beam=1", {"axis": "gantry", "beam": 1}),
    ("meterset-overrun:beam=1", {"beam": 1}),
    ("couch-drift:beam=1", {"beam": 1}),
    ("lost-link:beam=1", {"beam": 1}),
    ("stale-telemetry:beam=1", {"beam": 1}),
    ("garbage-bytes:beam=1", {"beam": 1}),
]


UNSEEN: list[tuple[str, Mapping[str, Any]]] = [
    (
        "leaf-miscalibration:beam=1,bank=X1,leaf=31,offset_mm=1.5",
        {"axis": "MLCX", "bank": "X1", "leaf": 31, "error": pytest.approx(1.5, abs=0.1)},
    ),
    (
        "bank-miscalibration:beam=1,bank=X2,offset_mm=-1.2",
        {"axis": "MLCX", "bank": "X2", "leaf": None, "error": pytest.approx(-1.2, abs=0.1)},
    ),
    ("jaw-miscalibration:beam=1", {"axis": "Y2", "error": pytest.approx(2.0, abs=0.15)}),
    ("panel-shift:beam=1,y_mm=-1", {"axis": "panel_x", "error": pytest.approx(3.0, abs=0.15)}),
    ("output-change:beam=1", {"axis": None, "error": pytest.approx(0.03, abs=0.006)}),
]
"""What only the portal image shows; sizes to within three of their uncertainties."""


@pytest.fixture(scope="module")
def arc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("plans"), "vmat")


@pytest.mark.parametrize(("fault", "place"), CASES, ids=lambda case: str(case).split(":")[0])
def test_the_verdict_names_the_fault(
    tmp_path: Path, arc: Path, fault: str, place: Mapping[str, Any]
) -> None:
    summary = delivered(tmp_path, arc, faults=[fault], beams=(1,)).summary
    assert summary["verdict"] == "fail"
    first = summary["causes"][0]
    assert first["cause"] == fault.split(":", maxsplit=1)[0]
    assert {key: first[key] for key in place} == place
    if fault.startswith("stuck-leaf"):
        assert abs(first["control_point"] - 5) <= 1


@pytest.mark.parametrize(("fault", "place"), UNSEEN, ids=lambda case: str(case).split(":")[0])
def test_the_image_shows_what_the_log_does_not(
    tmp_path: Path, arc: Path, fault: str, place: Mapping[str, Any]
) -> None:
    summary = delivered(tmp_path, arc, faults=[fault], beams=(1,)).summary
    assert summary["verdict"] == "fail"
    (cause,) = summary["causes"]
    assert cause["cause"] == fault.split(":", maxsplit=1)[0]
    assert cause["beam"] == 1
    assert {key: cause[key] for key in place} == place


@pytest.mark.parametrize("offset_mm", [-2.0, 2.0])
def test_a_jaw_that_frames_the_field_is_named(tmp_path: Path, offset_mm: float) -> None:
    """It stands where the open leaf pairs end: beyond it lies what closed pairs leak."""
    fault = f"jaw-miscalibration:beam=1,axis=Y2,offset_mm={offset_mm}"
    summary = delivered(tmp_path, generated(tmp_path, "open-field"), faults=[fault]).summary
    (cause,) = summary["causes"]
    assert (cause["cause"], cause["axis"]) == ("jaw-miscalibration", "Y2")
    assert cause["error"] == pytest.approx(offset_mm, abs=0.15)


@pytest.mark.parametrize("fault", ["dropped-frame", "duplicated-frame", "reordered-frame"])
def test_faults_of_frames_are_named(tmp_path: Path, fault: str) -> None:
    plan = generated(tmp_path, "sliding-window")
    summary = delivered(tmp_path, plan, faults=[f"{fault}:frame=3"], cine_fps=2.0).summary
    assert summary["verdict"] == "fail"
    assert {cause["cause"] for cause in summary["causes"]} == {fault}
    assert summary["beams"][0]["image"]["amplitude"] == pytest.approx(0.0, abs=0.005)
    assert summary["causes"][0]["cause"] == fault
    assert summary["causes"][0]["frame"] == 3


def test_a_cine_run_shows_what_the_log_does_not(tmp_path: Path) -> None:
    """Whose frames are gone from the spool: judged again from its image objects it is the same."""
    fault = "leaf-miscalibration:beam=1,bank=X1,leaf=31,offset_mm=1.5"
    plan = generated(tmp_path, "sliding-window")
    faults = [fault, "dropped-frame:beam=1,frame=2"]
    finished = delivered(tmp_path, plan, faults=faults, cine_fps=2.0)
    named = {cause["cause"]: cause for cause in finished.summary["causes"]}
    assert named.keys() == {"leaf-miscalibration", "dropped-frame"}
    cause = named["leaf-miscalibration"]
    assert (cause["bank"], cause["leaf"]) == ("X1", 31)
    assert cause["error"] == pytest.approx(1.5, abs=0.1)
    assert not list(finished.directory.glob("*.u16"))
    again, passed = reconcile_again(settings(tmp_path), finished.entry.delivery_id)
    assert not passed
    before, after = (one["beams"][0]["image"] for one in (finished.summary, again))
    assert after == approximately(before)


def approximately(told: Any) -> Any:
    """The scale of an image object has 16 characters (DS), the panel's is a double."""
    if isinstance(told, Mapping):
        return {key: approximately(value) for key, value in told.items()}
    if isinstance(told, list):
        return [approximately(value) for value in told]
    return pytest.approx(told, abs=1e-4) if isinstance(told, float) else told
