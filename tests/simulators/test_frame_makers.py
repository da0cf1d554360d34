"""Frames are the same wherever they are made, and who makes them can be lost."""

import asyncio
import gc
import os
import select
import signal
import struct
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from gateway import timeloop
from gateway.domain.errors import LinkLost
from simulators import serve
from simulators.epid import threaded
from simulators.epid.apart import FrameProcess
from simulators.epid.frame_maker import FrameMaker, FrameMakers
from simulators.epid.messages import Exposure, Kind, Span
from simulators.epid.renderer import Renderer
from simulators.epid.threaded import FrameThreads
from simulators.wire.framing import Frame, encode_frame
from tests.simulators.builders import room
from tests.simulators.clients import ImagerClient, LinacClient, living
from tests.simulators.scenes import Connect, play

BOUND_S = 60.0
"""Far above what a process takes to start on a busy machine: only a hang reaches it."""
SEED = 7


@asynccontextmanager
async def process() -> AsyncIterator[FrameProcess]:
    made = await asyncio.to_thread(FrameProcess, room(), SEED)
    try:
        yield made
    finally:
        made.close()


def exposures(kind: Kind) -> Iterator[Exposure]:
    """Three frames, the first of two parts; the field is a little wider each time."""
    layout = room().machine.layout
    for number in range(1, 4):
        positions = np.linspace(-5.0 * number, 5.0 * number, layout.size)[np.newaxis]
        span = Span(kind, 1, number, 0, 100_000_000, 0, 1_000_000, 100_000_000)
        if number == 1:
            yield Exposure(positions, np.ones(1), None)
        yield Exposure(positions, np.ones(1), span)


async def frames(maker: FrameMaker) -> list[bytes]:
    """An integrated acquisition and a cine run."""
    made = []
    async with asyncio.timeout(BOUND_S):
        await maker.rehearse()
        for kind in Kind:
            await maker.begin()
            for exposure in exposures(kind):
                frame = await maker.expose(exposure)
                assert (frame is None) == (exposure.closes is None)
                if frame is not None:
                    made.append(bytes(frame))
    assert len(set(made)) == 6
    return made


async def test_frames_are_the_same_from_a_thread_and_from_a_process() -> None:
    threads = FrameThreads(room(), SEED)
    async with process() as apart:
        for _ in range(2):
            assert await frames(apart.connect()) == await frames(threads.connect())


async def test_a_process_that_ends_is_told_and_the_next_connection_has_another() -> None:
    async with process() as apart:
        expected = await frames(apart.connect())
        maker = apart.connect()
        await maker.begin()
        assert apart.pid is not None
        os.kill(apart.pid, signal.SIGKILL)
        async with asyncio.timeout(BOUND_S):
            with pytest.raises(LinkLost, match="has ended"):
                await _all(maker, exposures(Kind.CINE))
            with pytest.raises(LinkLost, match="has ended"):
                await maker.expose(next(exposures(Kind.CINE)))
        assert await frames(apart.connect()) == expected


async def test_whoever_gives_up_waiting_leaves_no_reply_to_another() -> None:
    async with process() as apart:
        expected = await frames(apart.connect())
        maker = apart.connect()
        await maker.begin()
        waiting = asyncio.create_task(maker.expose(next(exposures(Kind.CINE))))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait((waiting,))
        assert waiting.cancelled()
        assert await frames(apart.connect()) == expected


async def _all(maker: FrameMaker, parts: Iterator[Exposure]) -> None:
    for exposure in parts:
        await maker.expose(exposure)


async def test_a_process_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with process() as apart:
        monkeypatch.undo()
        maker = apart.connect()
        with pytest.raises(LinkLost, match="has ended"):
            await maker.expose(next(exposures(Kind.CINE)))
        assert await frames(apart.connect())


ROOM_THAT_DIES = """
import sys
from simulators.epid.apart import FrameProcess
from simulators.wire.framing import Frame, encode_frame
from tests.simulators.builders import room
made = FrameProcess(room(), 1)
print(made.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_ends_with_its_room() -> None:
    """Also when the room has no time to end it."""
    dying = subprocess.Popen(
        (sys.executable, "-c", ROOM_THAT_DIES), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with dying:
        assert dying.stdout is not None
        frame_maker = os.pidfd_open(int(dying.stdout.readline()))
        try:
            dying.kill()
            assert select.select([frame_maker], [], [], BOUND_S)[0], "it lives on"
        finally:
            os.close(frame_maker)


def test_a_room_whose_frame_process_dies_has_a_lost_imager_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[FrameProcess] = []
    monkeypatch.setattr(serve, "FrameProcess", _Kept(made))

    async def main() -> None:
        served = serve.simulated_room(
            room(), seed=1, faults=(), state_dir=tmp_path, images_apart=True
        )
        async with living(served) as connect, LinacClient(connect("linac")) as linac:
            await linac.hello()
            async with asyncio.timeout(BOUND_S):
                await _lose_frame_process(connect, made[0])
                before = len(linac.of(0x84))
                async with ImagerClient(connect("imager")) as imager:
                    await imager.hello()
                    await imager.start(1)
                    assert await imager.finish() == 0
                assert await _more_samples(linac, before)

    timeloop.run(main(), 1.0)


class _Kept:
    """Makes frame processes and keeps them."""

    possible = True

    def __init__(self, made: list[FrameProcess]) -> None:
        self._made = made

    def __call__(self, *args: object) -> FrameMakers:
        self._made.append(FrameProcess(*args))  # type: ignore[arg-type]  # as it was called
        return self._made[-1]


async def _lose_frame_process(connect: Connect, process: FrameProcess) -> None:
    stream = connect("imager")
    async with ImagerClient(stream) as imager:
        await imager.hello()
        await imager.start(1)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await imager.finish()
        await stream.send(encode_frame(b"PF", 0x02, 9, struct.pack("<HBI", 1, 0, 0)))
        with pytest.raises(AssertionError, match="the link: closed"):
            await imager.until(lambda: None, bound_s=2.0)


async def _more_samples(linac: LinacClient, before: int) -> bool:
    def newer() -> Frame | None:
        samples = linac.of(0x84)
        return samples[before] if len(samples) > before else None

    return await linac.until(newer) is not None


def test_a_connection_that_has_ended_lets_its_images_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have tens of MB, and rubbish is collected when it is much by number, not by size."""
    renderers: list[weakref.ref[Renderer]] = []

    def noted(*args: object) -> Renderer:
        renderer = Renderer(*args)  # type: ignore[arg-type]  # as it was called
        renderers.append(weakref.ref(renderer))
        return renderer

    monkeypatch.setattr(threaded, "Renderer", noted)

    async def scene(connect: Connect) -> None:
        for _ in range(2):
            async with ImagerClient(connect("imager")) as imager:
                await imager.hello()
                await imager.start(1)
                await imager.finish()
            await asyncio.sleep(1.0)

    gc.disable()
    try:
        play(tmp_path, scene)  # at its end no thread is left that may have one in hand
        assert [renderer() for renderer in renderers] == [None, None]
    finally:
        gc.enable()
