"""A sender that is killed again and again, and an archive that loses what it has not committed."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import State
from tests.node_query.objects import listening
from tests.outbox import sender_process
from tests.outbox.builders import ARCHIVE, objects
from tests.outbox.network_archive import NetworkArchive, network_archive
from tests.outbox.sender_process import POINTS, FastClock

LOST_SHARE = 0.3
NEW_OBJECTS = 3
LONGEST_S = 0.3


class Senders:
    """Starts senders, each to its end."""

    def __init__(self, process: "subprocess.Popen[str]", order: dict[str, Any]) -> None:
        self._process = process
        self._order = order

    def run(self, point: str = "", times: int = 1, kill_after_s: float | None = None) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {**self._order, "point": point, "times": times, "kill_after_s": kill_after_s}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def senders(root: Path, port: int, began_ns: int) -> Iterator[Senders]:
    order = {"root": str(root), "port": port, "began_ns": began_ns}
    command = [sys.executable, "-m", sender_process.__name__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield Senders(process, order)


@pytest.mark.parametrize("kills", [20, pytest.param(500, marks=pytest.mark.soak)])
def test_every_object_arrives_and_none_as_two(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    archive = NetworkArchive()
    archive.loses = lambda uid: archive.arrivals[uid] < 3 and chance.random() < LOST_SHARE
    database, began_ns = NodeDatabase(tmp_path / "node"), time.time_ns()
    outbox, clock = Outbox(database), FastClock(began_ns)
    service = commitment_reply_service(outbox, clock.now_ns)
    queued: dict[str, bytes] = {}
    ended = []
    with ExitStack() as stack:
        archive.reply_port = stack.enter_context(listening(service))
        port = stack.enter_context(network_archive(archive))
        run = stack.enter_context(senders(database.root, port, began_ns)).run
        for number in range(kills):
            made = objects(tmp_path / "files", NEW_OBJECTS, NEW_OBJECTS * number)
            outbox.queue(ARCHIVE, made, clock.now_ns())
            queued |= {one.sop_instance_uid: one.path.read_bytes() for one in made}
            if number % 2:
                ended.append(run(kill_after_s=chance.uniform(0.0, LONGEST_S)))
            else:
                ended.append(run(chance.choice(POINTS), chance.randint(1, 3)))
        assert run() == "exit 0"
    states = {row.sop_instance_uid: row.state for row in outbox.rows()}
    database.close()
    assert states == dict.fromkeys(queued, State.DONE)
    assert set(ended) <= {"killed", "exit 0"}
    assert ended.count("killed") >= kills // 3, ended
    assert {uid for uid, _ in archive.kept.items()} == set(queued)
    assert all(len(contents) == 1 for contents in archive.contents.values())
    assert all(queued[uid].endswith(content) for uid, (_, content) in archive.kept.items())
