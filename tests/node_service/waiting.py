"""Waiting for what happens in other processes."""

import asyncio
from collections.abc import Callable

BOUND_S = 60.0
LOOK_S = 0.01


async def until(happened: Callable[[], bool]) -> None:
    """Return as soon as ``happened()``; TimeoutError after BOUND_S."""
    never = asyncio.Event()
    async with asyncio.timeout(BOUND_S):
        while not happened():
            await asyncio.wait((asyncio.ensure_future(_pause(never)),))


async def _pause(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_S):
            await event.wait()
    except TimeoutError:
        return
