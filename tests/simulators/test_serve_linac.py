"""The linac on an event loop of simulated time: one client, its life and its leaving."""

import asyncio
import struct
from pathlib import Path

import numpy as np
import pytest

from simulators.linac import messages as m
from simulators.linac.states import State
from tests.simulators.builders import (
    TICK_NS,
    TOKEN,
    machine,
    request,
    sliding_beam,
    static_beam,
)
from tests.simulators.clients import (
    NAK,
    TELEMETRY,
    WELCOME,
    ImagerClient,
    LinacClient,
)
from tests.simulators.scenes import Connect, play

MODEL = machine()


def test_telemetry_comes_every_period_of_loop_time(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            assert (await linac.hello()).type == WELCOME
            begun = asyncio.get_running_loop().time()
            seen = len(linac.of(TELEMETRY))
            await asyncio.sleep(10.0)
            samples = linac.of(TELEMETRY)
            assert len(samples) - seen in (499, 500, 501)
            assert [frame.sequence for frame in samples] == list(range(1, len(samples) + 1))
            times = [struct.unpack_from("<Q", frame.payload)[0] for frame in samples]
            assert set(np.diff(times)) == {TICK_NS}
            assert times[-1] / 1e9 == pytest.approx(begun + 10.0, abs=0.021)

    play(tmp_path, scene)


def test_a_beam_over_the_wire(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(static_beam(MODEL))
            assert await linac.wait_for(State.COMPLETE) is State.COMPLETE
            assert linac.codes() == ["LOADED", "PREPARING", "PREPARED", "BEAM_ON", "COMPLETE"]
            counter = await linac.ask(m.AskCounter(TOKEN, 1))
            assert counter.payload[0] == 1
            _before_first_telemetry(linac)

    play(tmp_path, scene)


def _before_first_telemetry(linac: LinacClient) -> None:
    """An EVENT precedes the first TELEMETRY that shows its state."""
    told = State.IDLE
    for frame in linac.frames:
        if frame.type == 0x85:
            told = State(frame.payload[8])
        elif frame.type == TELEMETRY:
            assert LinacClient.state(frame) is told


def test_one_client_has_control(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as first:
            await first.hello()
            await asyncio.sleep(0.1)
            async with LinacClient(connect("linac")) as second:
                refused = await second.hello()
                assert (refused.type, refused.payload[:2]) == (NAK, b"\x06\x00")
                await first.stream.aclose()
                await asyncio.sleep(0.1)
                assert (await second.hello()).type == WELCOME
                assert first.of(TELEMETRY)
                await asyncio.sleep(0.1)
                assert second.of(TELEMETRY)[0].sequence == 1

    play(tmp_path, scene)


@pytest.mark.parametrize("data", [b"garbage", request(m.Prepare(), 1)], ids=["garbage", "early"])
def test_nonsense_closes_the_link(tmp_path: Path, data: bytes) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.stream.send(data)
            await asyncio.sleep(0.1)
            assert linac.ended == "closed"
            assert linac.frames == []

    play(tmp_path, scene)


def test_a_client_that_leaves_in_a_beam_leaves_it_held_then_dead(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            await linac.wait_for(State.BEAM_ON)
        async with LinacClient(connect("linac")) as again:
            await again.hello()
            await asyncio.sleep(0.1)
            assert again.state(again.of(TELEMETRY)[-1]) is State.HELD
            await asyncio.sleep(0.3)
            assert again.codes() == ["DEAD_MAN"]

    play(tmp_path, scene)


def test_the_room_remembers_from_run_to_run(tmp_path: Path) -> None:
    async def deliver(connect: Connect) -> None:
        couch = connect("couch")
        await couch.send(b"$J=G90 X12 F3000\n")
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(static_beam(MODEL))
            await linac.wait_for(State.COMPLETE)

    async def ask(connect: Connect) -> None:
        couch = connect("couch")
        await couch.send(b"?")
        assert b"MPos:12.000,-500.000,0.000" in await couch.receive()
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            counter = await linac.ask(m.AskCounter(TOKEN, 1))
            known, _, beam, start, meterset, finished = struct.unpack("<B16sHqqB", counter.payload)
            assert (known, beam, start, finished) == (1, 1, 0, 1)
            assert meterset == pytest.approx(2_000_000, abs=14_001)  # half a pulse
            repeated = await linac.load(static_beam(MODEL))
            assert (repeated.type, repeated.payload[:2]) == (NAK, b"\x08\x00")

    play(tmp_path, deliver)
    play(tmp_path, ask)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def record(folder: Path, seed: int) -> tuple[bytes, bytes]:
        said: list[bytes] = []

        async def scene(connect: Connect) -> None:
            async with (
                LinacClient(connect("linac")) as linac,
                ImagerClient(connect("imager")) as imager,
            ):
                await linac.hello()
                await imager.hello()
                await imager.start(1)
                await linac.start(sliding_beam(MODEL))
                await linac.wait_for(State.COMPLETE)
                await imager.finish()
                said.extend((bytes(linac.raw), bytes(imager.raw)))

        play(folder, scene, seed=seed)
        return said[0], said[1]

    first = record(tmp_path / "a", 7)
    assert first == record(tmp_path / "b", 7)
    other = record(tmp_path / "c", 8)
    assert first[0] != other[0]
    assert first[1] != other[1]
