"""The simulated system as a program, over TLS, and with DCMTK on the other side."""

import json
import signal
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import evt
from pynetdicom.association import Association

from simulators.tms.config import TmsConfig
from simulators.tms.data import item
from simulators.tms.entity import Entity
from simulators.tms.manager import TreatmentManager
from simulators.tms.serve import main
from simulators.tms.server import Server
from simulators.tms.tls import client_context, server_context
from simulators.tms.uids import RT_PLAN, UPS_PULL, VERIFICATION
from tests.node_peers.dcmtk import attempt, run
from tests.outbox.certificates import Authority, authority
from tests.tms.builders import RECORD, plan_file, record
from tests.tms.gateway import TITLE, calling, known, listening, managing
from tests.tms.test_objects_on_the_wire import image_keys, moved

ROOT = Path(__file__).resolve().parents[2]
RESET = struct.pack("ii", 1, 0)
"""The connection is reset when it is closed (socket(7), SO_LINGER)."""
WITHIN_S = 60
"""A program has to start on a busy machine."""


def files(signer: Authority, name: str) -> tuple[Path, Path, Path]:
    made = signer.tls(name)
    return made.certificate, made.key, made.authorities


def test_a_program_says_when_it_is_ready_and_ends_when_it_is_told(tmp_path: Path) -> None:
    path = plan_file(tmp_path, 100.0)
    program = subprocess.Popen(
        [sys.executable, "-m", "simulators.tms", "--plan", str(path), "--station", "ROOM"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with program:
        try:
            assert program.stdout is not None
            ready = json.loads(program.stdout.readline())
            with calling(ready["port"]) as association:
                keys = item(ScheduledStationNameCodeSequence=[item(CodeValue="ROOM")])
                (_, found), _ = association.send_c_find(keys, UPS_PULL)
            program.send_signal(signal.SIGTERM)
            assert program.wait(WITHIN_S) == 0
        finally:
            program.kill()
    assert ready["ae_titles"] == ["TMS", "OST", "MPV"]
    assert ready["steps"] == [found.SOPInstanceUID]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--plan", __file__], "is no RT plan"),
        (["--plan", "absent.dcm"], "No such file"),
        (["--destination", "GATEWAY"], "is not AE=HOST:PORT"),
        (["--certificate", "a.pem"], "go together"),
        (["--certificate", "a.pem", "--key", "a.pem", "--authorities", "a.pem"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_both_ways_over_tls(tmp_path: Path) -> None:
    signer = authority(tmp_path)
    ours, theirs = files(signer, "tms"), files(signer, "gateway")
    mine = record()
    with listening(server_context(*theirs)) as listener:
        config = TmsConfig(
            destinations=known(listener, tls=True),
            server_tls=server_context(*ours),
            client_tls=client_context(*ours),
        )
        with managing(config) as manager:
            manager.hold(mine)
            with calling(manager.port, "OST", tls=client_context(*theirs)) as association:
                assert moved(association, image_keys(mine)).Status == 0x0000
    assert [each.SOPInstanceUID for each in listener.stored] == [mine.SOPInstanceUID]


def test_strangers_are_refused_over_tls(tmp_path: Path) -> None:
    ours = files(authority(tmp_path), "tms")
    stranger = files(authority(tmp_path, "other"), "stranger")
    trusting = ssl.create_default_context(cafile=ours[2])
    trusting.check_hostname = False
    trusting.load_cert_chain(*stranger[:2])
    config = TmsConfig(server_tls=server_context(*ours))
    with managing(config) as manager:
        with calling(manager.port, tls=trusting) as association:
            assert not association.is_established
        with calling(manager.port, tls=client_context(*ours)) as association:
            assert association.is_established


def test_a_connection_that_the_peer_resets_is_closed() -> None:
    accepted: list[socket.socket] = []
    at_the_end: list[int] = []
    entity = Entity("TMS")
    entity.add_supported_context(VERIFICATION)
    handlers = [
        (evt.EVT_ACCEPTED, lambda event: accepted.append(connection_of(event.assoc))),
        (evt.EVT_CONN_CLOSE, lambda _: at_the_end.append(accepted[0].fileno())),
    ]
    server = Server(entity, ("127.0.0.1", 0), handlers)
    try:
        with calling(server.port) as association:
            peer = connection_of(association)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            peer.close()
            association.join(WITHIN_S)
    finally:
        server.stop()
    assert at_the_end == [-1]


def connection_of(association: Association) -> socket.socket:
    transport = association.dul.socket
    assert transport is not None
    assert transport.socket is not None
    return transport.socket


@pytest.mark.peer
def test_dcmtk_stores_queries_and_moves(manager: TreatmentManager, tmp_path: Path) -> None:
    manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    plan = dcmread(tmp_path / "plan.dcm")
    mine = record()
    mine.save_as(tmp_path / "record.dcm", enforce_file_format=True)
    peer = ("127.0.0.1", manager.port)
    run("echoscu", "-aet", TITLE, "-aec", "TMS", *peer)
    run("storescu", "-aet", TITLE, "-aec", "OST", *peer, tmp_path / "record.dcm")
    assert [each.dataset() for each in manager.objects.of_class(RECORD)] == [mine]
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=EPID-1", "-k", "StudyInstanceUID")
    found = run("findscu", "-S", "-v", "-aet", TITLE, "-aec", "OST", *keys, *peer)
    assert plan.StudyInstanceUID in found
    assert mine.StudyInstanceUID in found
    retrieval = (
        "-k",
        "QueryRetrieveLevel=STUDY",
        "-k",
        f"StudyInstanceUID={plan.StudyInstanceUID}",
    )
    run("movescu", "-S", "-aet", TITLE, "-aec", "OST", "-aem", TITLE, *retrieval, *peer)
    sent = manager.journal.of("C-STORE-RQ", "out")
    assert [message.sop_class_uid for message in sent] == [RT_PLAN]
    refused = attempt("findscu", "-S", "-aet", TITLE, "-aec", "NOBODY", *keys, *peer)
    assert refused.returncode != 0
