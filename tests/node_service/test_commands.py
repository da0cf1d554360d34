"""What the web's process asks for is done once, and answered."""

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.app.node import watching
from gateway.app.node.commands import BUSY, RESTARTED, Commands
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.record import outcome_of
from gateway.app.node.room import RoomProcess
from gateway.app.node.watching import start_web
from gateway.domain.errors import LinkLost
from gateway.settings import Settings
from tests.e2e.deliveries import generated, settings
from tests.node_service.test_room import ROOM
from tests.node_service.waiting import until

BOUND_S = 60.0


@dataclass
class FakeRoom:
    """Delivers when a test says so."""

    jobs: list[Job] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    known: Outcome | None = None
    job: Job | None = None
    on_control: Any = None
    on_job: Any = None

    async def deliver(self, job: Job, _progress: Any) -> Outcome:
        self.jobs.append(job)
        if self.lost:
            raise LinkLost("gone")
        self.job = job
        self.on_job(job)
        await self.go.wait()
        self.job = None
        self.on_job(None)
        return Outcome("D-1", "", {})

    @property
    def wanted(self) -> bool:
        return self.job is not None

    async def begun(self, _request_id: str) -> Outcome | None:
        return self.known

    async def control(self, wanted: Mapping[str, Any]) -> None:
        self.asked.append(wanted)


@dataclass
class Office:
    """Commands, what they said, and their room."""

    room: FakeRoom
    commands: Commands
    said: "asyncio.Queue[Mapping[str, Any]]"

    def command(self, key: str, do: str, **more: Any) -> None:
        self.commands.take({"command": {"key": key, "do": do, "by": ["Anna"], **more}})

    async def answer(self) -> tuple[str, str, str]:
        """The next answer; what is said of the room in between is passed over."""
        while True:
            line = await asyncio.wait_for(self.said.get(), BOUND_S)
            if "answer" in line:
                answer = line["answer"]
                return answer["key"], answer["status"], answer["text"] or answer["delivery_id"]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    room = FakeRoom()
    commands = Commands(cast("RoomProcess", room))
    said: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    commands.say = said.put_nowait
    yield Office(room, commands, said)
    await commands.aclose()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.dcm"
    path.write_bytes(b"plan")
    return path


async def test_a_delivery_is_carried_out_once_and_answered_again(
    office: Office, plan: Path
) -> None:
    sha256 = "0" * 64
    order = {"plan": str(plan), "plan_sha256": sha256, "beams": [2], "speed": None}
    office.command("k", "deliver", **order)
    assert await office.answer() == ("k", "accepted", "")
    office.command("k", "deliver", **order)
    assert await office.answer() == ("k", "accepted", "")
    office.room.go.set()
    assert await office.answer() == ("k", "done", "D-1")
    office.command("k", "deliver", **order)
    assert await office.answer() == ("k", "done", "D-1")
    job = Job("k", plan, "k", beams=(2,), by=("Anna",), speed="1", plan_sha256=sha256)
    assert office.room.jobs == [job]


async def test_who_has_the_room_is_told(office: Office, plan: Path) -> None:
    office.command("k", "deliver", plan=str(plan), speed="max", cine_fps=5)
    office.room.go.set()
    await office.answer()
    told = [(await office.said.get()).get("room") for _ in range(2)]
    assert told == [
        {"busy": True, "item": "k", "by": ["Anna"]},
        {"busy": False, "item": "", "by": []},
    ]
    assert (office.room.jobs[0].speed, office.room.jobs[0].cine_fps) == ("inf", 5.0)


async def test_what_cannot_begin_at_once_does_not_begin_later(office: Office, plan: Path) -> None:
    """Who armed it armed it for now: two operators at one moment are one delivery."""
    office.command("k", "deliver", plan=str(plan))
    office.command("l", "deliver", plan=str(plan))
    office.command("k", "deliver", plan=str(plan))
    assert (await office.answer())[:2] == ("k", "accepted")
    assert (await office.answer())[:2] == ("l", "accepted")
    assert (await office.answer())[:2] == ("k", "accepted")
    assert await office.answer() == ("l", "refused", BUSY)
    office.room.go.set()
    assert await office.answer() == ("k", "done", "D-1")
    assert [job.item for job in office.room.jobs] == ["k"]


async def test_what_became_of_a_delivery_can_be_asked_by_whoever_missed_it(
    office: Office, plan: Path
) -> None:
    """It is never begun by that: the service that took it may be another one."""
    office.command("k", "recall")
    assert await office.answer() == ("k", "refused", RESTARTED)
    office.room.known = Outcome("D-7", "", None)
    office.command("l", "recall")
    assert await office.answer() == ("l", "done", "D-7")
    office.command("m", "deliver", plan=str(plan))
    assert (await office.answer())[:2] == ("m", "accepted")
    office.command("m", "recall")
    assert (await office.answer())[:2] == ("m", "accepted")
    office.room.go.set()
    assert await office.answer() == ("m", "done", "D-1")
    office.command("m", "recall")
    assert await office.answer() == ("m", "done", "D-1")
    assert len(office.room.jobs) == 1


async def test_a_room_that_is_lost_is_told(office: Office, plan: Path) -> None:
    office.room.lost = True
    office.command("k", "deliver", plan=str(plan))
    assert (await office.answer())[1] == "accepted"
    assert await office.answer() == ("k", "refused", "gone")


async def test_an_operators_word_is_passed_on_once_and_its_end_is_told(office: Office) -> None:
    office.command("h", "hold", delivery_id="D-1")
    await asyncio.sleep(0)
    (wanted,) = office.room.asked
    assert wanted == {"key": "h", "do": "hold", "delivery_id": "D-1", "by": ["Anna"]}
    office.room.on_control({**wanted, "status": "accepted", "text": ""})
    office.room.on_control({**wanted, "status": "refused", "text": "held already"})
    assert await office.answer() == ("h", "refused", "held already")
    office.command("h", "hold", delivery_id="D-1")
    assert await office.answer() == ("h", "refused", "held already")
    assert len(office.room.asked) == 1


async def test_an_abort_right_behind_a_delivery_comes_after_it(office: Office, plan: Path) -> None:
    office.command("k", "deliver", plan=str(plan))
    office.command("a", "abort", delivery_id="k")
    await until(lambda: bool(office.room.asked))
    assert [job.item for job in office.room.jobs] == ["k"]
    assert office.room.asked[0]["delivery_id"] == "k"


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"command": None},
        {"command": {"key": "k"}},
        {"command": {"key": "k", "do": "deliver"}},
        {"command": {"key": "k", "do": "deliver", "plan": "p", "by": [], "beams": "x"}},
        {"command": {"key": "k", "do": "hold"}},
    ],
)
async def test_what_cannot_be_read_is_logged_and_does_nothing(
    office: Office, line: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    office.commands.take(line)
    assert "cannot be read" in caplog.text
    assert office.said.empty()
    office.command("k", "beam harder")
    assert await office.answer() == ("k", "refused", "nobody can do 'beam harder'")


@asynccontextmanager
async def served(folder: Path, room: RoomProcess) -> AsyncIterator["Stub"]:
    """A room and the web's stub, as the service runs them."""
    stub = Stub()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_unix_server(stub.connected, folder / "stub")
        stack.push_async_callback(server.wait_closed)
        stack.callback(server.close)
        stack.callback(stub.close)
        stack.push_async_callback(room.aclose)
        await room.start()
        ready = await start_web(room, (str(folder / "stub"),), "1", stack)
        assert ready["url"] == "http://stub"
        await stub.again()
        yield stub


class Stub:
    """The test's end of the web's stub."""

    def __init__(self) -> None:
        self._streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._here = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.append((reader, writer))
        self._here.set()

    def expect(self) -> None:
        """Another process is to come."""
        self._here.clear()

    async def again(self) -> None:
        """Wait for the next process."""
        await asyncio.wait_for(self._here.wait(), BOUND_S)

    def command(self, **command: Any) -> None:
        line = json.dumps({"command": command | {"by": ["Anna"]}}) + "\n"
        self._streams[-1][1].write(line.encode())

    async def hear(self, what: str) -> Mapping[str, Any]:
        """The next line that is about ``what``."""
        while True:
            line = await asyncio.wait_for(self._streams[-1][0].readline(), BOUND_S)
            told: dict[str, Any] = json.loads(line)
            if what in told:
                return cast("Mapping[str, Any]", told[what])

    def pid(self) -> int:
        """The process at the other end."""
        one = self._streams[-1][1].get_extra_info("socket")
        credentials = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def close(self) -> None:
        for _, writer in self._streams:
            writer.close()


async def begun(ours: Settings) -> Outcome:
    """The delivery of request k, once it has begun."""
    async with asyncio.timeout(BOUND_S):
        while True:
            found = await asyncio.to_thread(outcome_of, ours, "k")
            if found is not None:
                return found
            await asyncio.sleep(0.05)


async def test_a_web_process_that_dies_in_mid_beam_is_replaced_and_the_beam_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the service is stopped: the beam is turned off, and its record is whole."""
    monkeypatch.setattr(watching, "WEB", "tests.node_service.web_stub")
    plan = await asyncio.to_thread(generated, tmp_path, "open-field")
    ours = settings(tmp_path)
    room = RoomProcess(ROOM, (ours.store, None, ""), partial(outcome_of, ours))
    async with served(tmp_path, room) as web:
        assert await web.hear("room") == {"busy": False, "item": "", "by": []}
        web.command(key="k", do="deliver", plan=str(plan))
        assert (await web.hear("answer"))["status"] == "accepted"
        assert (await web.hear("room"))["busy"]
        known = await begun(ours)
        process = room.pid
        web.expect()
        os.kill(web.pid(), signal.SIGKILL)
        await web.again()
        assert (await web.hear("room"))["item"] in ("k", "")  # it may have ended meanwhile
        web.command(key="h", do="hold", delivery_id=known.delivery_id)
        assert (await web.hear("answer"))["key"] in ("h", "k")
        assert room.pid == process
        await room.aclose()
    outcome = await asyncio.to_thread(outcome_of, ours, "k")
    assert outcome is not None
    assert outcome.finished
    assert outcome.delivery_id == known.delivery_id
