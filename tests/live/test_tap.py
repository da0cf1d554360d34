"""The room's process tells its watchers, and none of them can hold it up."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.adapters.live import target
from gateway.adapters.live.feed import MESSAGE_BYTES, Feed, RoomHeard
from gateway.adapters.live.tap import Tap
from gateway.adapters.live.target import RETRY_S
from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import CouchSample, FrameKind
from gateway.domain.errors import ConfigError
from gateway.formats.live_feed import (
    LiveBeam,
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
    decode,
)
from gateway.ports.observer import KeptFrame
from tests.delivery.builders import LAYOUT, program
from tests.live.watched import Clock, deaf, event, hear, numbered, sequences

GONE = RoomHeard(connected=False)
LAST = LiveLink("couch", "closed")


@contextlib.contextmanager
def tap_to(*paths: Path, most: int = 250, clock: Clock | None = None) -> Iterator[Tap]:
    tap = Tap(paths, most=most, monotonic=clock or Clock())
    try:
        yield tap
    finally:
        tap.close()


def test_everything_comes_in_the_order_it_was_told(tmp_path: Path) -> None:
    frame = KeptFrame(1, 1, FrameKind.CINE, tmp_path / "f.u16", 0, 4, 5, 0.0, 1.0, 0.01, 0)

    async def scenario() -> list[Message | RoomHeard]:
        async with Feed(tmp_path / "live", LAYOUT) as feed:
            with tap_to(tmp_path / "live") as tap:
                tap.on_link("linac", "ready")
                tap.on_beam(program())
                tap.on_samples(numbered(1, 3))
                tap.on_couch(CouchSample(5, {Axis.COUCH_LATERAL: 1.5}, moving=False))
                tap.on_event(event(7))
                tap.on_frame(frame)
                tap.on_samples(numbered(4, 2))
            return await hear(feed, GONE)

    heard = asyncio.run(scenario())
    assert [type(item) for item in heard] == [
        RoomHeard, LiveLink, LiveBeam, LiveSample, LiveSample, LiveSample, LiveCouch, LiveEvent,
        LiveFrame, LiveSample, LiveSample, RoomHeard,
    ]  # fmt: skip
    assert sequences(heard) == [1, 2, 3, 4, 5]
    assert heard[8] == LiveFrame(frame)


def test_the_plan_wants_its_places_at_the_samples_place_on_the_path(tmp_path: Path) -> None:
    moving = program()
    positions = moving.positions.copy()
    positions[1, 0] = 20.0

    async def scenario() -> list[Message | RoomHeard]:
        async with Feed(tmp_path / "live", LAYOUT) as feed:
            with tap_to(tmp_path / "live") as tap:
                tap.on_beam(replace(moving, positions=positions))
                places = zip(numbered(1, 4), (0, 0.25, 1, 9), strict=True)
                tap.on_samples([replace(one, program_s=s) for one, s in places])
            return await hear(feed, GONE)

    told = [item for item in asyncio.run(scenario()) if isinstance(item, LiveSample)]
    assert [int(item.planned[0]) for item in told] == [10_000, 12_500, 20_000, 20_000]
    np.testing.assert_array_equal(told[0].planned, np.rint(1000 * positions[0]))


def test_a_watcher_that_comes_late_is_told_how_things_stand(tmp_path: Path) -> None:
    clock = Clock()

    async def scenario() -> list[Message | RoomHeard]:
        with tap_to(tmp_path / "live", clock=clock) as tap:
            tap.on_link("linac", "connecting")
            tap.on_link("linac", "ready")
            tap.on_beam(program())
            tap.on_samples(numbered(1, 5))
            async with Feed(tmp_path / "live", LAYOUT) as feed:
                clock.now_s += RETRY_S
                tap.on_samples(numbered(6, 2))
                tap.on_link("couch", "closed")
                return await hear(feed, LAST)

    heard = asyncio.run(scenario())
    assert heard[1] == LiveLink("linac", "ready")
    assert isinstance(heard[2], LiveBeam)
    assert sequences(heard) == [6, 7]
    assert isinstance(heard[3], LiveSample)
    assert heard[3].untold == 5


def messages_in(room: socket.socket) -> list[Message]:
    """What the kernel keeps for a watcher that does not read."""
    room.settimeout(0)
    kept = []
    with contextlib.suppress(BlockingIOError):
        while datagram := room.recv(MESSAGE_BYTES):
            kept.append(decode(datagram, LAYOUT))
    return kept


@pytest.fixture
def small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "BUFFER_BYTES", 0)  # the kernel allows no less than a few messages


@pytest.mark.usefixtures("small_buffer")
def test_what_a_watcher_does_not_take_is_counted_in_the_next_that_it_does(tmp_path: Path) -> None:
    with deaf(tmp_path / "deaf") as listening, tap_to(tmp_path / "deaf") as tap:
        tap.on_beam(program())
        with listening.accept()[0] as room:
            tap.on_samples(numbered(1, 100))
            (missed,) = tap.untold
            assert 0 < missed < 100
            kept = messages_in(room)
            assert sequences(kept) == list(range(1, 101 - missed))
            tap.on_samples(numbered(101, 1))
            (told,) = messages_in(room)
            assert isinstance(told, LiveSample)
            assert (told.sample.sequence, told.untold) == (101, missed)
            assert tap.untold == (0,)


@pytest.mark.usefixtures("small_buffer")
def test_how_things_stand_reaches_a_watcher_that_was_late_before_the_next_sample(
    tmp_path: Path,
) -> None:
    with deaf(tmp_path / "deaf") as listening, tap_to(tmp_path / "deaf") as tap:
        tap.on_beam(program())
        with listening.accept()[0] as room:
            tap.on_samples(numbered(1, 100))
            for state in ("backoff", "closed"):
                tap.on_link("couch", state)
            tap.on_event(event(7))
            tap.on_event(event(8))
            messages_in(room)
            tap.on_samples(numbered(101, 1))
            link, nudge, told = messages_in(room)
            assert link == LiveLink("couch", "closed")
            assert nudge == LiveEvent(8, "D", "armed", 8)
            assert isinstance(told, LiveSample)


@pytest.mark.usefixtures("small_buffer")
def test_a_watcher_that_does_not_read_costs_another_nothing(tmp_path: Path) -> None:
    async def scenario() -> list[Message | RoomHeard]:
        with deaf(tmp_path / "deaf"):
            async with Feed(tmp_path / "live", LAYOUT) as feed:
                with tap_to(tmp_path / "deaf", tmp_path / "live") as tap:
                    tap.on_beam(program())
                    hearing = asyncio.create_task(hear(feed, LAST))
                    for n in range(200):
                        tap.on_samples(numbered(n, 1))
                        while tap.untold[1]:
                            await asyncio.sleep(0)
                            tap.on_samples(())
                        await asyncio.sleep(0)
                    tap.on_link("couch", "closed")
                    return await hearing

    assert sequences(asyncio.run(scenario())) == list(range(200))


def test_a_watcher_that_goes_away_is_looked_for_and_told_what_it_missed(tmp_path: Path) -> None:
    clock = Clock()

    async def scenario() -> list[Message | RoomHeard]:
        with tap_to(tmp_path / "live", clock=clock) as tap:
            tap.on_beam(program())
            for first in (1, 11):
                async with Feed(tmp_path / "live", LAYOUT) as feed:
                    clock.now_s += RETRY_S
                    tap.on_samples(numbered(first, 2))
                    tap.on_event(event(first))
                    heard = await hear(feed, LiveEvent(first, "D", "armed", first))
                tap.on_samples(numbered(first + 2, 3))
            return heard

    heard = asyncio.run(scenario())
    assert sequences(heard) == [11, 12]
    (first, _) = (item for item in heard if isinstance(item, LiveSample))
    assert first.untold == 3


def test_a_message_that_is_too_large_is_left_out_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "BUFFER_BYTES", 0)
    with deaf(tmp_path / "deaf") as listening, tap_to(tmp_path / "deaf") as tap:
        tap.on_beam(replace(program(), beam_name="x" * 100_000))
        tap.on_samples(numbered(1, 1))
        tap.on_samples(numbered(2, 1))
        with listening.accept()[0] as room:
            told = messages_in(room)
        assert [type(one) for one in told] == [LiveSample, LiveSample]


def test_of_many_samples_in_one_commit_some_are_told_and_all_are_counted(tmp_path: Path) -> None:
    with deaf(tmp_path / "deaf") as listening, tap_to(tmp_path / "deaf", most=4) as tap:
        tap.on_beam(program())
        tap.on_samples(numbered(1, 10))
        tap.on_samples(numbered(11, 3))
        with listening.accept()[0] as room:
            told = [one for one in messages_in(room) if isinstance(one, LiveSample)]
    assert [one.sample.sequence for one in told] == [2, 5, 7, 10, 11, 12, 13]
    assert [one.untold for one in told] == [1, 2, 1, 2, 0, 0, 0]


def test_what_cannot_be_told_is_not_the_deliverys_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with deaf(tmp_path / "deaf"), tap_to(tmp_path / "deaf") as tap:
        tap.on_couch(CouchSample(5, {Axis.COUCH_LATERAL: float("nan")}, moving=False))
    assert "the live feed failed" in caplog.text


def test_samples_of_another_machine_are_left_out_and_counted(tmp_path: Path) -> None:
    other = AxisLayout((Axis.GANTRY,), ())

    async def scenario() -> tuple[list[Message | RoomHeard], int]:
        async with Feed(tmp_path / "live", other) as feed:
            with tap_to(tmp_path / "live") as tap:
                tap.on_beam(program())
                tap.on_samples(numbered(1, 3))
            return await hear(feed, GONE), feed.strange

    heard, strange = asyncio.run(scenario())
    assert [type(item) for item in heard] == [RoomHeard, LiveBeam, RoomHeard]
    assert strange == 3


def test_a_place_where_nobody_can_listen_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Feed(tmp_path / "no" / "folder", LAYOUT):
            pytest.fail("nobody listens there")

    with pytest.raises(ConfigError, match="nobody can be listened to"):
        asyncio.run(scenario())
