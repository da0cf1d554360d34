"""Messages for a tap, and watchers that listen, do not listen, or go away."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.adapters.live.feed import Feed, RoomHeard
from gateway.domain.delivery import MachineSample
from gateway.formats.live_feed import LiveSample, Message
from gateway.ports.store import StoredEvent
from tests.delivery.builders import LAYOUT, sample


def numbered(first: int, count: int) -> list[MachineSample]:
    """Samples with those sequence numbers, each a little further on its path."""
    places = np.zeros(LAYOUT.size, dtype=np.int32)
    return [
        replace(sample(n / 50, n / 10), sequence=n, program_s=n / 1000, positions=places + n)
        for n in range(first, first + count)
    ]


def event(sequence: int, kind: str = "armed") -> StoredEvent:
    return StoredEvent(sequence, "D", kind, sequence, {}, "")


class Clock:
    """Seconds that pass when a test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def deaf(path: Path) -> socket.socket:
    """Listens and accepts, and never reads."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(str(path))
    listening.listen(4)
    return listening


async def hear(feed: Feed, until: Message | RoomHeard) -> list[Message | RoomHeard]:
    """What comes, up to and with ``until``."""
    heard: list[Message | RoomHeard] = []
    async with asyncio.timeout(60.0), aclosing(aiter(feed)) as items:
        async for item in items:
            heard.append(item)
            if item == until:
                break
    return heard


def sequences(heard: Sequence[Message | RoomHeard]) -> list[int]:
    return [item.sample.sequence for item in heard if isinstance(item, LiveSample)]
