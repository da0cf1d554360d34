"""Who a plan is for stands in objects and in the store, and nowhere else; under pseudonyms it does
not leave at all."""

import subprocess
from pathlib import Path

import pydicom
import pytest

from tests import peers
from tests.e2e.command import run
from tests.e2e.deliveries import generated
from tests.node_service.serving import (
    dcmtk,
    free_port,
    service,
    site_with_node,
    storescp,
    storescu,
)
from tests.node_service.test_serve import ROOM, wait_for_files

CANARY, NUMBER, LABEL = "Kanarienvogel", "KV-20117", "Etikett"
KEPT_IN = frozenset({".dcm", ".db", ".db-wal", ".sqlite", ".sqlite-wal"})
"""Objects, and the stores of rooms and nodes."""


def canary_plan(folder: Path) -> Path:
    path = generated(folder, "open-field")
    dataset = pydicom.dcmread(path)
    dataset.PatientName, dataset.PatientID = f"{CANARY}^Otto", NUMBER
    dataset.RTPlanLabel, dataset.StudyDescription = LABEL, CANARY
    dataset.save_as(path)
    return path


@pytest.mark.peer
def test_nothing_but_objects_and_stores_says_who_it_was(tmp_path: Path) -> None:
    peers.program("storescu", "dcmtk")
    back = free_port()
    settings = site_with_node(tmp_path, ROOM, back)
    plan = canary_plan(tmp_path)
    with (
        storescp(tmp_path, back) as got,
        service(tmp_path, settings, ROOM, "--pseudonymise") as served,
    ):
        assert storescu(served.port, "PLANNER", plan).returncode == 0
        files = wait_for_files(got, 3)
        asked = findscu(served.port)
        moved = run(served.store, "--config", str(settings), "outbox", "--node", "test")
    assert moved.code == 0
    assert_pseudonymous(files)
    assert "0x124" in asked
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    named = [path for path in left if CANARY in str(path) or NUMBER in str(path)]
    telling = [
        path
        for path, content in left.items()
        if path.suffix not in KEPT_IN
        and "objects" not in path.parts
        and (CANARY.encode() in content or NUMBER.encode() in content)
    ]
    assert named == []
    assert telling == []


def assert_pseudonymous(files: list[Path]) -> None:
    received = [pydicom.dcmread(path) for path in files]
    assert len({one.PatientID for one in received}) == 1
    assert len({one.StudyInstanceUID for one in received}) == 1
    by_modality = {str(one.Modality): one for one in received}
    assert set(by_modality) == {"RTIMAGE", "RTRECORD", "SR"}
    plans = {
        by_modality[kind].ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
        for kind in ("RTIMAGE", "RTRECORD")
    }
    assert len(plans) == 1
    assert by_modality["SR"].ContentSequence[0].TextValue.startswith("PASS")
    for path in files:
        content = path.read_bytes()
        assert not any(word.encode() in content for word in (CANARY, NUMBER, LABEL))


def findscu(port: int) -> str:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=*")
    done = subprocess.run(
        ["findscu", "-v", "-S", "-aec", "LINAC", "127.0.0.1", str(port), *keys],
        capture_output=True,
        text=True,
        env=dcmtk(),
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr
