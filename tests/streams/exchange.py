"""What tests of byte streams do with their two ends."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.ports.stream import ByteStream
from tests.streams.rigs import Rig

BOUND_S = 10.0
"""Far above what any step takes on a busy machine: only a hang reaches it."""


def over(rigs: Sequence[Rig]) -> pytest.MarkDecorator:
    """Run a test over each of ``rigs``."""
    return pytest.mark.parametrize("rig", rigs, ids=[rig.name for rig in rigs])


async def received(stream: ByteStream, size: int) -> bytes:
    """Exactly ``size`` bytes: none is received beyond."""
    data = bytearray()
    async with asyncio.timeout(BOUND_S):
        while len(data) < size:
            portion = await stream.receive()
            assert portion, "the stream ended"
            data += portion
    assert len(data) == size
    return bytes(data)


def pattern(size: int) -> bytes:
    """Bytes that show a portion that is missing or misplaced: no buffer's size is a multiple."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


async def turns(number: int) -> None:
    """Let the loop go round ``number`` times."""
    for _ in range(number):
        await asyncio.sleep(0)
