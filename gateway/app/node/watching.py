"""The processes that watch the room: the web's, which also passes on commands, and the broker's."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from gateway.app.node.children import Child
from gateway.app.node.commands import Commands
from gateway.app.node.keeper import Keeper
from gateway.app.node.room import RoomProcess
from gateway.domain.errors import LinkLost

WEB = "gateway.app.web.web_process"
MQTT = "gateway.app.mqtt.mqtt_process"
FEEDS = {"web": "live-web", "mqtt": "live-mqtt"}
"""The sockets at which each hears the room, in the service's folder."""


def feeds(folder: Path, *, web: bool, mqtt: bool) -> tuple[Path, ...]:
    """The sockets of those who are to watch."""
    wanted = {"web": web, "mqtt": mqtt}
    return tuple(folder / socket for name, socket in FEEDS.items() if wanted[name])


class Voice:
    """Says lines to a process in their order; one that is gone does not hear them."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._lines: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._talking = asyncio.create_task(self._talk(), name=f"voice-{keeper.name}")

    def say(self, line: Mapping[str, Any]) -> None:
        """Never waits."""
        self._lines.put_nowait(line)

    async def aclose(self) -> None:
        """Say no more."""
        self._talking.cancel()
        await asyncio.wait((self._talking,))

    async def _talk(self) -> None:
        while True:
            line = await self._lines.get()
            try:
                await self._keeper.child.send(line)
            except LinkLost:
                continue


async def start_web(
    room: RoomProcess, arguments: tuple[str, ...], speed: str, stack: AsyncExitStack
) -> Mapping[str, Any]:
    """Start the web's process and carry out what it asks for; what it says when it is ready.

    ``speed`` is that of deliveries that name none. Raises LinkLost, ReplyTimeout.
    """
    commands = Commands(room, speed)
    keeper = Keeper("web", lambda: Child("web", WEB, arguments, commands.take), commands.tell_room)
    stack.push_async_callback(keeper.stop)
    voice = Voice(keeper)
    stack.push_async_callback(voice.aclose)
    commands.say = voice.say
    stack.push_async_callback(commands.aclose)
    return (await keeper.start()).ready


async def start_mqtt(arguments: tuple[str, ...], stack: AsyncExitStack) -> None:
    """Start the process that tells the broker. Raises LinkLost, ReplyTimeout."""
    keeper = Keeper("mqtt", lambda: Child("mqtt", MQTT, arguments, _unheard))
    stack.push_async_callback(keeper.stop)
    await keeper.start()


def _unheard(_line: Mapping[str, Any]) -> None:
    """It tells a broker, and asks for nothing."""
