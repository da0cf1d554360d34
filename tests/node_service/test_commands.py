"""What the web's process asks for is done once, and answered."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.app.node.commands import BUSY, RESTARTED, Commands
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import RoomProcess
from gateway.domain.errors import LinkLost
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
        self.commands.take({"command": {"key": key, "do": do, "by": ["operator"], **more}})

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
    job = Job("k", plan, "k", beams=(2,), by=("operator",), speed="1", plan_sha256=sha256)
    assert office.room.jobs == [job]


async def test_who_has_the_room_is_told(office: Office, plan: Path) -> None:
    office.command("k", "deliver", plan=str(plan), speed="max", cine_fps=5)
    office.room.go.set()
    await office.answer()
    told = [(await office.said.get()).get("room") for _ in range(2)]
    assert told == [
        {"busy": True, "item": "k", "by": ["operator"]},
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
    assert wanted == {"key": "h", "do": "hold", "delivery_id": "D-1", "by": ["operator"]}
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
