"""Killed at any moment: what was answered with success is there, and nothing is there in part."""

import hashlib
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.adapters.dicomnet.store_commands import store_command, store_response
from gateway.adapters.nodestore.objects import Kept
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_PLAN
from tests.e2e.command import environment
from tests.guard.wire import APPLICATION, data, item, pdu, received
from tests.node_storage.builders import Stores, arrival, encoded, small_plan, stores
from tests.node_storage.dying import AFTER, MOMENTS, NEVER

LIMIT_S = 60
KILLS = 4
SOAK_KILLS = 200
OBJECTS = 60
LONGEST_LIFE_S = 0.4
A_ASSOCIATE_AC, P_DATA_TF = 2, 4
COMMAND_LAST, DATA_LAST = 0x03, 0x02
SUCCESS = 0x0000


def whole(held: Stores) -> set[str]:
    """The objects that are filed; each has its file, and no other file is named after a hash."""
    with held.database.reading() as connection:
        rows = connection.execute("SELECT sop_instance_uid, sha256 FROM objects").fetchall()
    for uid, sha256 in rows:
        content = held.files.path(sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert content.endswith(encoded(small_plan(uid)))
    return {uid for uid, _ in rows}


@pytest.mark.parametrize("moment", [*MOMENTS, AFTER, NEVER])
def test_a_death_while_an_object_is_kept(tmp_path: Path, moment: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.node_storage.dying", str(tmp_path), moment, "1.2.3"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.stderr == ""
    assert (ended.returncode, ended.stdout) == (
        (0, "kept") if moment == NEVER else (-signal.SIGKILL, "")
    )
    with stores(tmp_path) as held:
        filed = whole(held)
        assert filed == ({"1.2.3"} if moment in (AFTER, NEVER) else set())
        held.objects.sweep()
        assert len([one for one in (tmp_path / "objects").rglob("*") if one.is_file()]) == len(
            filed
        )
        again = held.objects.keep(arrival(small_plan("1.2.3")))
        assert again is (Kept.SAME if filed else Kept.NEW)
        assert whole(held) == {"1.2.3"}


def test_what_was_answered_outlives_the_process(tmp_path: Path) -> None:
    kill_at_random(tmp_path, KILLS)


@pytest.mark.soak
def test_what_was_answered_outlives_many_processes(tmp_path: Path) -> None:
    kill_at_random(tmp_path, SOAK_KILLS)


def kill_at_random(folder: Path, kills: int) -> None:
    """Store until killed, so many times; then everything, once more.

    Every other process lives from its first answer on, that a slow machine answers something too.
    """
    chance = random.Random(kills)
    plans = {f"1.2.3.{number}": encoded(small_plan(f"1.2.3.{number}")) for number in range(OBJECTS)}
    answered: set[str] = set()
    for number in range(kills):
        with receiving(folder) as (process, port):
            end = threading.Timer(chance.uniform(0, LONGEST_LIFE_S), process.kill)
            if number % 2:
                answered |= stored(port, plans, end.start)
            else:
                end.start()
                answered |= stored(port, plans)
            end.join()
        with stores(folder / "node") as held:
            assert answered <= whole(held)
            held.objects.sweep()
    assert answered
    with receiving(folder) as (_, port):
        assert stored(port, plans) == set(plans)
    with stores(folder / "node") as held:
        assert whole(held) == set(plans)


def stored(
    port: int, plans: Mapping[str, bytes], begun: Callable[[], None] = lambda: None
) -> set[str]:
    """What is answered with success, until nothing is; ``begun`` is called at the first answer."""
    done: set[str] = set()
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(associate())
            assert read_pdu(client)[0] == A_ASSOCIATE_AC
            for uid, content in plans.items():
                client.sendall(data(1, COMMAND_LAST, store_command(RT_PLAN, uid, 1)))
                client.sendall(data(1, DATA_LAST, content))
                kind, answer = read_pdu(client)
                assert (kind, answer[6:]) == (P_DATA_TF, store_response(RT_PLAN, uid, 1, SUCCESS))
                if not done:
                    begun()
                done.add(uid)
    except ConnectionError:
        pass
    return done


def associate() -> bytes:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2) for RT Plans."""
    syntaxes = item(0x30, RT_PLAN.encode()) + item(0x40, EXPLICIT_VR_LITTLE_ENDIAN.encode())
    fixed = struct.pack(">H2x16s16s32x", 1, b"LINAC".ljust(16), b"ACCEPT".ljust(16))
    user = item(0x51, struct.pack(">L", 2**16)) + item(0x52, b"1.2.3")
    context = item(0x20, bytes((1, 0, 0, 0)) + syntaxes)
    return pdu(1, fixed + item(0x10, APPLICATION) + context + item(0x50, user))


def read_pdu(client: socket.socket) -> tuple[int, bytes]:
    """The next PDU's type and body. Raises ConnectionError."""
    kind, length = struct.unpack(">BxL", received(client, 6))
    return kind, received(client, length)


@contextmanager
def receiving(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A listener in a process of its own, and its port; killed with the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.node_storage.receiving", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        _, errors = process.communicate(timeout=LIMIT_S)
    assert errors == ""
