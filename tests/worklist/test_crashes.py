"""Killed anywhere, and with any answer lost: one claim, one beam, and the step at its end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.adapters.clock import SimulatedClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.steps import Phase, Step
from gateway.app.node.worklist_performer import Performer
from gateway.app.node.worklist_treatment import Treatment
from gateway.domain.errors import LinkLost
from gateway.domain.worklist import StepState
from gateway.timeloop import run
from tests.worklist.builders import STATION, step
from tests.worklist.fakes import (
    UID,
    FakeManager,
    FakeOutputs,
    FakePreparation,
    FakeRoom,
    Killed,
    TroubledSteps,
)

EPOCH_NS = 1_772_625_600_000_000_000
NETWORK = ("query", "claim", "close", "progress", "performed", "get", "subscribe")
STARTS = 12


@dataclass
class World:
    """Everything that outlives the program, and the trouble that it meets.

    ``kills`` and ``losses`` are the numbers of happenings at which the program is killed, or
    (where it is one of the network) its link is lost.
    """

    folder: Path
    kills: frozenset[int] = frozenset()
    losses: frozenset[int] = frozenset()
    refuses: str = ""
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers: Iterator[int] = count()
        self.manager = FakeManager(self.trouble)
        self.room = FakeRoom(self.trouble, refuses=self.refuses)
        self.steps = TroubledSteps(NodeDatabase(self.folder))
        self.steps.want(step())
        self.steps.trouble = self.trouble

    def trouble(self, what: str) -> None:
        number = next(self.numbers)
        self.happened.append(what)
        if number in self.kills:
            raise Killed(what)
        if number in self.losses and what.removesuffix(" answered") in NETWORK:
            raise LinkLost(f"lost at {what}")

    def begin(self) -> Step:
        """Perform the step from wherever it is; raises Killed."""
        known = self.steps.get(UID)
        assert known is not None

        async def perform() -> Step:
            clock = SimulatedClock(EPOCH_NS, asyncio.get_running_loop().time)
            return await Treatment(self._performer(clock), known).perform()

        return run(perform(), None)

    def perform(self) -> Step:
        """Start the program as often as it takes."""
        for _ in range(STARTS):
            try:
                return self.begin()
            except Killed:
                continue
        raise AssertionError("killed again and again")

    def _performer(self, clock: SimulatedClock) -> Performer:
        uids = (f"2.25.{number}" for number in count(1))
        return Performer(
            station=STATION,
            steps=self.steps,
            manager=self.manager,
            preparation=FakePreparation(self.trouble),  # type: ignore[arg-type]
            room=self.room,
            record=self.room,
            outputs=FakeOutputs(self.trouble),
            clock=clock,
            settle_s=10.0,
            new_uid=lambda: next(uids),
        )


def assert_sound(world: World, ended: Step) -> None:
    """What holds of every ended step."""
    assert len(world.manager.claims) <= 1
    assert world.room.beams <= 1
    expected = {
        Phase.COMPLETED: StepState.COMPLETED,
        Phase.CANCELED: StepState.CANCELED,
        Phase.NOT_CLAIMED: StepState.SCHEDULED,
    }
    assert world.manager.state is expected[ended.phase], ended
    assert (ended.phase is Phase.COMPLETED) == (world.room.beams == 1), ended
    if ended.phase is Phase.CANCELED:
        assert ended.reason
    if world.manager.claims:
        assert world.manager.claims == [ended.transaction_uid]


def numbered(folder: Path) -> list[str]:
    """What happens when nothing goes wrong."""
    world = World(folder)
    assert world.perform().phase is Phase.COMPLETED
    return world.happened


def test_nothing_goes_wrong(tmp_path: Path) -> None:
    world = World(tmp_path)
    ended = world.perform()
    assert ended.phase is Phase.COMPLETED
    assert_sound(world, ended)
    saved = [what.removeprefix("saved ") for what in world.happened if what.startswith("saved ")]
    assert saved == [
        "claiming",
        "claimed",
        "delivering",
        "delivered",
        "settling",
        "reporting",
        "closing",
        "completed",
    ]
    assert world.happened.index("saved claiming") < world.happened.index("claim")
    assert world.happened.index("saved delivering") < world.happened.index("deliver")


def test_killed_at_every_place_in_turn(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    places = numbered(tmp_path / "sound")
    ends = set()
    for number, what in enumerate(places):
        world = World(tmp_path / str(number), kills=frozenset({number}))
        ended = world.perform()
        assert_sound(world, ended)
        ends.add(ended.phase)
        if "deliver answered" in places[: number + 1]:
            assert ended.phase is Phase.COMPLETED, what
    assert ends == {Phase.COMPLETED, Phase.CANCELED, Phase.NOT_CLAIMED}


def test_every_answer_lost_in_turn(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    places = numbered(tmp_path / "sound")
    for number, what in enumerate(places):
        world = World(tmp_path / str(number), losses=frozenset({number}))
        ended = world.perform()
        assert_sound(world, ended)
        if what not in ("query", "query answered"):
            assert ended.phase is Phase.COMPLETED, what


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    kills=st.frozensets(st.integers(0, 60), max_size=5),
    losses=st.frozensets(st.integers(0, 80), max_size=30),
    refuses=st.sampled_from(["", "the door is open"]),
)
def test_killed_and_lost_anywhere(
    tmp_path_factory: pytest.TempPathFactory,
    kills: frozenset[int],
    losses: frozenset[int],
    refuses: str,
) -> None:
    world = World(tmp_path_factory.mktemp("world"), kills, losses, refuses)
    ended = world.perform()
    assert_sound(world, ended)


@pytest.mark.soak
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=2000)
@given(
    kills=st.frozensets(st.integers(0, 100), max_size=10),
    losses=st.frozensets(st.integers(0, 150), max_size=60),
    refuses=st.sampled_from(["", "the door is open"]),
)
def test_killed_and_lost_anywhere_often(
    tmp_path_factory: pytest.TempPathFactory,
    kills: frozenset[int],
    losses: frozenset[int],
    refuses: str,
) -> None:
    world = World(tmp_path_factory.mktemp("world"), kills, losses, refuses)
    ended = world.perform()
    assert_sound(world, ended)


def test_an_unresolved_delivery_waits_for_people(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.room.summary.update(state="unresolved", verdict=None)
    looked: list[str] = []

    def resolved(what: str) -> None:
        looked.append(what)
        if looked.count("saved delivering") == 3:
            world.room.summary.update(state="terminated", verdict="fail")

    world.steps.trouble = resolved
    ended = world.perform()
    assert (ended.phase, ended.delivery_id) == (Phase.CANCELED, "D1")
    assert ended.reason == "the delivery was terminated"
    assert world.room.beams == 1
    assert looked.count("saved delivering") >= 3


def test_a_step_that_the_manager_gave_away_is_lost(tmp_path: Path) -> None:
    world = World(tmp_path)

    def taken_away(what: str) -> None:
        if what == "saved reporting":
            world.manager.worklist._items[UID].transaction_uid = "2.25.404"

    world.steps.trouble = taken_away
    ended = world.perform()
    assert ended.phase is Phase.LOST
    assert "C301" in ended.reason
