"""The room on an event loop of simulated time, over memory streams."""

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gateway import timeloop
from gateway.domain.errors import ConfigError, LinkLost
from gateway.ports.stream import ByteStream
from simulators.connection import Connection
from simulators.linac import messages as m
from simulators.linac.states import State
from simulators.serve import simulated_room
from tests.simulators.builders import (
    TICK_NS,
    TOKEN,
    machine,
    request,
    room,
    sliding_beam,
    static_beam,
)
from tests.simulators.clients import (
    ACK,
    NAK,
    TELEMETRY,
    WELCOME,
    ImagerClient,
    LinacClient,
    living,
)

MODEL = machine()
FRAME = struct.Struct("<BHIQQqqdIHH")
Connect = Callable[[str], ByteStream]


def play(
    folder: Path, scene: Callable[[Connect], Awaitable[None]], *faults: str, seed: int = 1
) -> None:
    """Play ``scene`` in a room, in simulated time."""

    async def main() -> None:
        made = simulated_room(room(), seed=seed, faults=faults, state_dir=folder)
        async with living(made) as connect:
            await scene(connect)

    timeloop.run(main(), None)


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


def test_an_integrated_frame_holds_the_whole_beam(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            assert (await imager.start(1)).type == ACK
            await linac.start(sliding_beam(MODEL))
            await linac.wait_for(State.COMPLETE)
            assert await imager.finish() == 1
            (frame,) = imager.of(0x85)
            head = FRAME.unpack_from(frame.payload)
            assert head[:3] == (0, 1, 1)
            assert head[5] == 0
            assert head[6] == pytest.approx(20_000_000, abs=14_001)  # half a pulse
            assert (head[4] - head[3]) / 1e9 == pytest.approx(4.0, abs=0.041)  # two cycles
            pixels = np.frombuffer(frame.payload, "<u2", offset=FRAME.size)
            image = pixels.reshape(head[9:11]) * head[7]
            # a 10 mm gap sweeping 40 mm in 20 MU gives 5 MU at its middle, less what a small
            # field scatters and a blur takes away, and leakage: to a tenth
            assert image.max() == pytest.approx(5.0, rel=0.15)

    play(tmp_path, scene)


def test_cine_frames_share_a_scale_and_add_up(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            await imager.start(1, cine_mhz=5_000)
            await linac.start(sliding_beam(MODEL))
            await linac.wait_for(State.COMPLETE)
            count = await imager.finish()
            heads = [FRAME.unpack_from(frame.payload) for frame in imager.of(0x85)]
            assert count == len(heads) == 20
            assert [head[2] for head in heads] == list(range(1, 21))
            assert len({head[7] for head in heads}) == 1
            assert all(a[6] == b[5] for a, b in pairwise(heads))
            assert imager.frames[-1].type == 0x84

    play(tmp_path, scene)


def test_electrons_make_no_frames(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            await imager.start(1)
            await linac.start(static_beam(MODEL, mode="9E", rate_mu_per_min=1000.0))
            await linac.wait_for(State.COMPLETE)
            assert await imager.finish() == 0
            assert imager.of(0x85) == []

    play(tmp_path, scene)


def test_lost_link_stays_lost_and_the_beam_stops(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            for _ in range(100):
                if linac.ended:
                    break
                await linac.beat()
                await asyncio.sleep(0.1)
            assert linac.ended == "closed"
        async with LinacClient(connect("linac")) as again:
            await asyncio.sleep(0.1)
            assert again.ended == "closed"

    play(tmp_path, scene, "lost-link:at_mu=5")
    truth = json.loads((tmp_path / "bench.ground-truth.json").read_text())["faults"][0]
    assert truth["injected"]
    assert truth["at_mu"] == pytest.approx(5.0, abs=0.2)


def test_stale_telemetry_leaves_the_link_up(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            for _ in range(20):
                await linac.beat()
                await asyncio.sleep(0.1)
            seen = len(linac.of(TELEMETRY))
            await linac.beat()
            assert (await linac.ask(m.Hold())).type == ACK
            assert linac.codes()[-1] == "OPERATOR_HOLD"
            await asyncio.sleep(1.0)
            assert len(linac.of(TELEMETRY)) == seen
            assert linac.ended == ""

    play(tmp_path, scene, "stale-telemetry:at_mu=5")


@pytest.mark.parametrize("device", ["linac", "imager"])
def test_garbage_bytes_break_the_link(tmp_path: Path, device: str) -> None:
    async def scene(connect: Connect) -> None:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            await linac.start(sliding_beam(MODEL))
            await linac.tell(m.Heartbeat())
            for _ in range(20):
                await linac.beat()
                await asyncio.sleep(0.1)
            ended = {"linac": linac.ended, "imager": imager.ended}
            assert ended[device].startswith("garbage")

    play(tmp_path, scene, f"garbage-bytes:link={device},at_mu=1")


def test_a_fault_that_does_not_exist_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no fault 'x'"):
        simulated_room(room(), seed=1, faults=["x"], state_dir=tmp_path)
    simulated_room(room(), seed=1, faults=[], state_dir=tmp_path).close()


def test_state_that_is_in_use_is_a_configuration_error(tmp_path: Path) -> None:
    one = simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
    with pytest.raises(ConfigError, match="in use"):
        simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
    simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path).close()
    one.close()
    one.close()


def test_a_device_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        made = simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path)
        with pytest.raises(ValueError, match="'door' is none of linac, couch, imager"):
            await made.serve("door", connect("linac"))
        made.close()

    play(tmp_path, scene)


def test_cancelling_a_service_closes_its_stream(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        made = simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path)
        stream = Stuck()
        service = asyncio.create_task(made.serve("linac", stream))
        await asyncio.sleep(0.1)
        service.cancel()
        with pytest.raises(asyncio.CancelledError):
            await service
        assert stream.closed
        made.close()

    play(tmp_path, scene)


class Stuck:
    """A stream whose other side never takes nor says anything after its first words."""

    def __init__(self, words: bytes = b"") -> None:
        self.words = words
        self.closed = False

    async def receive(self) -> bytes:
        words, self.words = self.words, b""
        return words or await asyncio.get_running_loop().create_future()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().create_future()

    async def aclose(self) -> None:
        self.closed = True


def test_a_client_that_does_not_listen_is_cut_off(tmp_path: Path) -> None:
    """A MiB is held for it: some three hours of this machine's telemetry."""

    async def main() -> None:
        made = simulated_room(room(60), seed=1, faults=[], state_dir=tmp_path)
        stream = Stuck(request(m.Hello(1, "deaf"), 1))
        run = asyncio.create_task(made.run())
        service = asyncio.create_task(made.serve("linac", stream))
        await asyncio.sleep(30.0)
        assert not service.done()
        await asyncio.sleep(30.0)
        assert stream.closed
        await service
        run.cancel()
        made.close()

    timeloop.run(main(), None)


def test_a_connection_that_is_cut_says_no_more() -> None:
    async def main() -> None:
        stream = Stuck()
        connection = Connection(stream, 10)
        connection.send(b"12345")
        connection.cut("enough")
        connection.send(b"678")
        with pytest.raises(LinkLost, match="enough"):
            await connection.ended()
        await connection.drained()

    timeloop.run(main(), None)


def test_a_late_loop_hears_what_came_before_time_goes_on(tmp_path: Path) -> None:
    """Real time, in which the loop is held up longer than the dead-man while heartbeats wait."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        made = simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
        async with living(made) as connect, LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            await linac.wait_for(State.BEAM_ON)
            await linac.beat()
            until = loop.time() + 0.4
            while loop.time() < until:
                pass
            await linac.beat()
            await asyncio.sleep(0.2)
            assert "DEAD_MAN" not in linac.codes()

    timeloop.run(main(), 1.0)
