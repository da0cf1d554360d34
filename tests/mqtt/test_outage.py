"""A broker that goes and comes back: every event once, or marked as a repeat, in order."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.clock import SystemClock
from gateway.domain.units import NS_PER_S
from tests.mqtt.cable import cable
from tests.mqtt.fake_broker import PUBLISH, fake_broker
from tests.mqtt.mosquitto import mosquitto
from tests.mqtt.scene import FakeRecord, live_sample, telling
from tests.mqtt.subscriber import Subscriber, subscriber
from tests.node_service.waiting import until


@pytest.mark.peer
async def test_a_broker_killed_in_mid_beam(tmp_path: Path) -> None:
    """The cable is mended once the subscriber is back: nobody is told what nobody can hear."""
    with mosquitto(tmp_path) as broker, subscriber(broker.port) as ear:
        async with cable(broker.port) as (line, port), telling(tmp_path, port) as scene:
            for beam in (1, 2, 3):
                scene.append("beam-on", beam=beam)
                scene.now.note(live_sample(beam))
                await scene.acknowledged(len(scene.record.events))
                scene.append("samples", beam=beam, count=5, lost=0)
                line.cut()
                await asyncio.to_thread(broker.kill)
                scene.append("beam-end", beam=beam)
                await asyncio.to_thread(broker.start)
                await asyncio.to_thread(ear.subscribed.acquire)
                line.mend()
                await scene.acknowledged(len(scene.record.events))
            scene.append("end", outcome="complete", reason="")
            await asyncio.to_thread(ear.until, told(10))
    once_or_repeated(ear, 10)


@pytest.mark.peer
async def test_an_outage_of_any_length_loses_no_event(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, subscriber(broker.port) as ear:
        async with cable(broker.port) as (line, port), telling(tmp_path, port) as scene:
            await until(lambda: scene.publisher.counts.connected)
            line.cut()
            await until(lambda: scene.publisher.counts.failures > 3)
            for number in range(300):
                scene.append("beam-on", beam=number)
            line.mend()
            await asyncio.to_thread(ear.until, told(300))
    assert [body["sequence"] for body in ear.of("/event")] == list(range(1, 301))
    assert not any(body["repeat"] for body in ear.of("/event"))


async def test_a_process_that_comes_back_repeats_what_it_told_of_late(tmp_path: Path) -> None:
    record = FakeRecord()
    async with fake_broker() as (_broker, port):
        async with telling(tmp_path, port, record=record) as scene:
            scene.append("beam-on", beam=1)
            await scene.acknowledged(1)
        record.append("end", outcome="complete", reason="")
        async with telling(tmp_path, port, record=record) as scene:
            await scene.acknowledged(2)
            assert (scene.outbox.counts.repeated, scene.outbox.counts.told) == (1, 1)
        async with telling(tmp_path, port, record=record, repeat_s=0.0) as scene:
            scene.append("beam-on", beam=1)
            await scene.acknowledged(3)
            assert (scene.outbox.counts.repeated, scene.outbox.counts.told) == (0, 1)


async def test_what_was_not_acknowledged_may_have_been_heard(tmp_path: Path) -> None:
    """It is told again as a repeat, however long ago that was."""
    async with (
        fake_broker() as (broker, port),
        cable(port) as (line, near),
        telling(tmp_path, near, repeat_s=0.0) as scene,
    ):
        await until(lambda: broker.packets.get(PUBLISH, 0) >= 2)  # room state, availability
        broker.acknowledges = False
        scene.append("beam-on", beam=1)
        await until(lambda: broker.unacknowledged >= 1)
        broker.acknowledges = True
        line.cut()
        line.mend()
        await scene.acknowledged(1)
        assert (scene.outbox.counts.repeated, scene.outbox.counts.told) == (1, 0)


async def test_what_a_killed_broker_lost_is_repeated_however_long_it_is_away(
    tmp_path: Path,
) -> None:
    """``repeat_s`` counts back from when it went, not from when it comes again."""
    clock = SteeredClock()
    async with (
        fake_broker() as (broker, port),
        cable(port) as (line, near),
        telling(tmp_path, near, repeat_s=120.0, clock=clock) as scene,
    ):
        scene.append("beam-on", beam=1)
        await scene.acknowledged(1)
        clock.ahead_s += 200.0
        scene.append("beam-on", beam=2)
        await scene.acknowledged(2)
        line.cut()
        await until(lambda: scene.publisher.counts.failures > 0)
        clock.ahead_s += 3_600.0
        broker.acknowledges = False
        line.mend()
        await until(lambda: broker.unacknowledged >= 2)  # presence, and the repeat
        line.cut()  # it goes again before it has taken that
        broker.acknowledges = True
        clock.ahead_s += 3_600.0
        line.mend()
        await until(lambda: scene.outbox.counts.repeated == 1)
        scene.append("end", outcome="complete", reason="")
        await scene.acknowledged(3)
        assert (scene.outbox.counts.repeated, scene.outbox.counts.told) == (1, 3)


async def test_a_process_that_comes_back_late_repeats_what_it_told_last(tmp_path: Path) -> None:
    record, clock = FakeRecord(), SteeredClock()
    async with fake_broker() as (_broker, port):
        async with telling(tmp_path, port, record=record, clock=clock) as scene:
            scene.append("beam-on", beam=1)
            await scene.acknowledged(1)
        clock.ahead_s += 3_600.0
        async with telling(tmp_path, port, record=record, clock=clock) as scene:
            await until(lambda: scene.outbox.counts.repeated == 1)


class SteeredClock:
    """As far ahead of the computer's clock as the test wants."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now_ns(self) -> int:
        return SystemClock().now_ns() + round(self.ahead_s * NS_PER_S)


def told(sequence: int) -> Any:
    """The event with that sequence."""
    return lambda one: one.topic.endswith("/event") and one.json["sequence"] == sequence


def once_or_repeated(ear: Subscriber, count: int) -> None:
    """In order; what is heard again says that it is a repeat."""
    seen = 0
    for body in ear.of("/event"):
        if body["sequence"] == seen + 1:
            seen += 1
        else:
            assert body["sequence"] <= seen, f"{body} came after event {seen}"
            assert body["repeat"]
    assert seen == count
