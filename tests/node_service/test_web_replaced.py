"""The web's process may die; the beam goes on, and another one takes its place."""

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.app.node import watching
from gateway.app.node.jobs import Outcome
from gateway.app.node.record import outcome_of
from gateway.app.node.room import RoomProcess
from gateway.app.node.watching import start_web
from gateway.settings import Settings
from tests.e2e.deliveries import generated, settings
from tests.node_service.test_room import ROOM

BOUND_S = 60.0


@asynccontextmanager
async def served(folder: Path, room: RoomProcess) -> AsyncIterator["WebEnd"]:
    """A room and the process in the web's place, as the service runs them."""
    web = WebEnd()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_unix_server(web.connected, folder / "socket")
        stack.push_async_callback(server.wait_closed)
        stack.callback(server.close)
        stack.callback(web.close)
        stack.push_async_callback(room.aclose)
        await room.start()
        ready = await start_web(room, (str(folder / "socket"),), "1", stack)
        assert ready["url"] == "http://relayed"
        await web.again()
        yield web


class WebEnd:
    """The test's end of the process in the web's place."""

    def __init__(self) -> None:
        self._streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._here = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.append((reader, writer))
        self._here.set()

    def expect(self) -> None:
        """Another process is to come."""
        self._here.clear()

    async def again(self) -> None:
        """Wait for the next process."""
        await asyncio.wait_for(self._here.wait(), BOUND_S)

    def command(self, **command: Any) -> None:
        line = json.dumps({"command": command | {"by": ["operator"]}}) + "\n"
        self._streams[-1][1].write(line.encode())

    async def hear(self, what: str) -> Mapping[str, Any]:
        """The next line that is about ``what``."""
        while True:
            line = await asyncio.wait_for(self._streams[-1][0].readline(), BOUND_S)
            told: dict[str, Any] = json.loads(line)
            if what in told:
                return cast("Mapping[str, Any]", told[what])

    def pid(self) -> int:
        """The process at the other end."""
        one = self._streams[-1][1].get_extra_info("socket")
        credentials = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def close(self) -> None:
        for _, writer in self._streams:
            writer.close()


async def begun(ours: Settings) -> Outcome:
    """The delivery of request k, once it has begun."""
    async with asyncio.timeout(BOUND_S):
        while True:
            found = await asyncio.to_thread(outcome_of, ours, "k")
            if found is not None:
                return found
            await asyncio.sleep(0.05)


async def test_a_web_process_that_dies_in_mid_beam_is_replaced_and_the_beam_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the service is stopped: the beam is turned off, and its record is whole."""
    monkeypatch.setattr(watching, "WEB", "tests.node_service.relayed_web")
    plan = await asyncio.to_thread(generated, tmp_path, "open-field")
    ours = settings(tmp_path)
    room = RoomProcess(ROOM, (ours.store, None, ""), partial(outcome_of, ours))
    async with served(tmp_path, room) as web:
        assert await web.hear("room") == {"busy": False, "item": "", "by": []}
        web.command(key="k", do="deliver", plan=str(plan))
        assert (await web.hear("answer"))["status"] == "accepted"
        assert (await web.hear("room"))["busy"]
        known = await begun(ours)
        process = room.pid
        web.expect()
        os.kill(web.pid(), signal.SIGKILL)
        await web.again()
        assert (await web.hear("room"))["item"] in ("k", "")  # it may have ended meanwhile
        web.command(key="h", do="hold", delivery_id=known.delivery_id)
        assert (await web.hear("answer"))["key"] in ("h", "k")
        assert room.pid == process
        await room.aclose()
    outcome = await asyncio.to_thread(outcome_of, ours, "k")
    assert outcome is not None
    assert outcome.finished
    assert outcome.delivery_id == known.delivery_id
