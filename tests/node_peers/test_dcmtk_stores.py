"""DCMTK's storescu sends every real object to the node."""

from pathlib import Path

import pytest

from gateway.domain.node import Peer
from tests.node_peers.dcmtk import run, storescp
from tests.node_peers.node import gateway
from tests.node_peers.real_objects import prepared, storable
from tests.node_query.objects import AE_TITLE

PLANNER = Peer("PLANNER", "127.0.0.1", 0)


@pytest.mark.peer
@pytest.mark.parametrize("syntax", ["i", "e", "b"])
def test_every_storable_real_file_arrives_as_storescu_sends_it(tmp_path: Path, syntax: str) -> None:
    """What storescu sends is what DCMTK's own receiver keeps bit by bit."""
    (tmp_path / "files").mkdir()
    rounds = prepared(tmp_path / "files")
    assert sum(map(len, rounds)) == len(storable()) == 39
    for number, names in enumerate(rounds):
        files = tmp_path / "files" / str(number)
        if syntax == "e":  # else storescu sends what is implicit as such, if it may
            for path in files.iterdir():
                run("dcmconv", "+te", path, path)
        send = ["-R", f"-x{syntax}", "+sd", "-aet", "PLANNER", "-aec"]
        with storescp(tmp_path / f"theirs-{number}", f"+x{syntax}") as theirs:
            run("storescu", *send, theirs.ae_title, "127.0.0.1", theirs.port, files)
            expected = theirs.received()
        with gateway(tmp_path / f"ours-{number}", PLANNER) as ours:
            run("storescu", *send, AE_TITLE, "127.0.0.1", ours.port, files)
            assert ours.received() == expected
        assert expected.keys() == names.keys()


@pytest.mark.peer
def test_echoscu_is_answered(tmp_path: Path) -> None:
    with gateway(tmp_path, PLANNER) as ours:
        run("echoscu", "-aet", "PLANNER", "-aec", AE_TITLE, "127.0.0.1", ours.port)
