"""A bench in a pipeline: a plan goes in by C-STORE, what came of it comes back."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from gateway.app.node.queue import list_queue
from gateway.app.records import history, show, verify
from gateway.domain.findings import has_errors
from gateway.settings import Settings
from tests import peers
from tests.e2e.command import run
from tests.e2e.deliveries import generated
from tests.node_service.serving import (
    Service,
    free_port,
    service,
    site_with_node,
    storescp,
    storescu,
)

ROOM = "truebeam-m120"
BOUND_S = 120.0


def wait_for_files(folder: Path, count: int) -> list[Path]:
    deadline = time.monotonic() + BOUND_S
    while time.monotonic() < deadline:
        files = sorted(folder.iterdir())
        if len(files) >= count:
            return files
        time.sleep(0.1)
    raise AssertionError(f"{len(list(folder.iterdir()))} of {count} objects came back")


@pytest.mark.peer
def test_a_plan_that_is_sent_is_delivered_and_answered(tmp_path: Path) -> None:
    peers.program("storescu", "dcmtk")
    back = free_port()
    settings = site_with_node(tmp_path, ROOM, back)
    plan = generated(tmp_path, "open-field")
    halcyon = generated(tmp_path, "open-field", "halcyon")
    broken = tmp_path / "broken.dcm"
    dataset = pydicom.dcmread(plan)
    del dataset.BeamSequence[0].ControlPointSequence[0].GantryAngle
    dataset.SOPInstanceUID += ".1"
    dataset.save_as(broken)
    with storescp(tmp_path, back) as got, service(tmp_path, settings, ROOM, web=True) as served:
        assert served.dashboard.startswith("http://127.0.0.1:")
        assert storescu(served.port, "PLANNER", plan).returncode == 0
        again = storescu(served.port, "PLANNER", plan)
        wrong_machine = storescu(served.port, "PLANNER", halcyon)
        incomplete = storescu(served.port, "PLANNER", broken)
        files = wait_for_files(got, 3)
        second = run(served.store, "--config", str(settings), "serve", ROOM, "--node", "test")
    assert again.returncode == 0
    for refused in (wrong_machine, incomplete):
        assert "CannotUnderstand" in refused.stdout + refused.stderr
    assert (second.code, "served already" in second.stderr) == (4, True)
    assert_answered(served, plan, files)


def assert_answered(served: Service, plan: Path, files: list[Path]) -> None:
    ours = Settings(store=served.store)
    (row,) = history(ours)
    assert (row["state"], row["verdict"]) == ("complete", "pass")
    assert not has_errors(verify(ours, row["delivery_id"]))
    folder = Path(show(ours, row["delivery_id"])["folder"])
    kept = {pydicom.dcmread(path).SOPInstanceUID: path for path in folder.glob("*.dcm")}
    received = {str(one.Modality): one for one in map(pydicom.dcmread, files)}
    assert set(received) == {"RTIMAGE", "RTRECORD", "SR"}
    for one in received.values():
        assert pydicom.dcmread(kept[one.SOPInstanceUID]) == one
        assert one.StudyInstanceUID == pydicom.dcmread(plan).StudyInstanceUID
    assert received["SR"].ContentSequence[0].TextValue.startswith("PASS")


@pytest.mark.peer
def test_a_service_that_is_killed_in_mid_beam_answers_when_it_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The beam ends with it; what was delivered comes back once, and nothing is delivered again.

    Nothing is left behind where temporary files are.
    """
    sockets = tmp_path_factory.mktemp("s")
    monkeypatch.setenv("TMPDIR", str(sockets))
    peers.program("storescu", "dcmtk")
    back = free_port()
    settings = site_with_node(tmp_path, ROOM, back)
    plan = generated(tmp_path, "open-field")
    ours = Settings(store=tmp_path / "store")
    with storescp(tmp_path, back) as got:
        with service(tmp_path, settings, ROOM, "--speed", "real") as served:
            assert storescu(served.port, "PLANNER", plan).returncode == 0
            wait_until(lambda: beam_is_on(ours))
            served.process.kill()
        (stopped,) = history(ours)
        with service(tmp_path, settings, ROOM, "--speed", "real") as served:
            assert storescu(served.port, "PLANNER", plan).returncode == 0
            wait_for_files(got, 3)
            wait_until(lambda: [row["state"] for row in list_queue(ours)] == ["delivered"])
    assert (stopped["state"], stopped["verdict"]) == ("terminated", "fail")
    assert history(ours) == [stopped]
    assert len(list(got.iterdir())) == 3
    assert list(sockets.iterdir()) == []


def beam_is_on(ours: Settings) -> bool:
    rows = history(ours)
    return bool(rows) and "beam-on" in {
        event["kind"] for event in show(ours, rows[0]["delivery_id"])["events"]
    }


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.soak
@pytest.mark.peer
def test_a_beam_never_waits_for_the_network(tmp_path: Path) -> None:
    peers.program("storescu", "dcmtk")
    back = free_port()
    settings = site_with_node(tmp_path, ROOM, back)
    plan = generated(tmp_path, "open-field")
    flood = images(tmp_path / "flood", 24)
    with (
        storescp(tmp_path, back) as got,
        service(tmp_path, settings, ROOM, "--speed", "real") as served,
    ):
        assert storescu(served.port, "PLANNER", plan).returncode == 0
        sent = 0
        while not list(got.iterdir()):
            result = storescu(served.port, "FLOOD", *flood)
            assert result.returncode == 0, result.stderr
            sent += 1
        wait_for_files(got, 3)
    ours = Settings(store=served.store)
    (row,) = history(ours)
    folder = Path(show(ours, row["delivery_id"])["folder"])
    summary = json.loads((folder / "summary.json").read_bytes())
    assert (summary["verdict"], sent > 0) == ("pass", True)
    assert [beam["lost_samples"] for beam in summary["beams"]] == [0]


def images(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    rows = 512
    made = []
    for number in range(count):
        dataset = pydicom.Dataset()
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.1"
        dataset.SOPInstanceUID = f"1.2.3.{number + 1}"
        dataset.StudyInstanceUID = dataset.SeriesInstanceUID = "1.2.3"
        dataset.Modality = "RTIMAGE"
        dataset.Rows = dataset.Columns = rows
        dataset.BitsAllocated = 16
        dataset.PixelData = bytes(2 * rows * rows)
        dataset["PixelData"].VR = "OW"
        path = folder / f"{number}.dcm"
        write(dataset, path)
        made.append(path)
    return made


def write(dataset: pydicom.Dataset, path: Path) -> None:
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
