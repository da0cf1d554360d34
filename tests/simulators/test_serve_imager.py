"""The imager on an event loop of simulated time."""

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulators.linac.states import State
from tests.simulators.builders import (
    machine,
    sliding_beam,
    static_beam,
)
from tests.simulators.clients import (
    ACK,
    ImagerClient,
    LinacClient,
)
from tests.simulators.scenes import Connect, play

MODEL = machine()
FRAME = struct.Struct("<BHIQQqqdIHH")


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
            # a 10 mm gap, and the leaf gap of round tips, sweeping 40 mm in 20 MU give 5.65 MU at
            # its middle, and leakage 0.3 MU, less what a blur takes away: to a tenth
            assert image.max() == pytest.approx(5.95, rel=0.1)

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
