"""The web's process: serves dashboard and API, takes the feed, passes commands to ``serve``.

Lines of JSON as every child of ``serve``. Standard output: first ``{"ready": true, "url": ...}``,
then ``{"command": ...}``. Standard input: ``{"answer": ...}`` and ``{"room": ...}``. The process
ends with its input.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.adapters.web.app import web_app
from gateway.adapters.web.server import listening, require_certificate, serve_app
from gateway.app.intake import find_room
from gateway.app.node.child_main import INPUT, INPUT_BYTES, run_child, tell
from gateway.app.web.aside import Processes
from gateway.app.web.assembly import Assembled, assemble, web_folder
from gateway.app.web.people import first_person, read_people
from gateway.app.web.watch import Watch
from gateway.domain.room import Room
from gateway.settings import Settings, Web, load_settings
from gateway.turns import stand_back

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> None:
    """``STORE CONFIG ROOM FEED``: an empty CONFIG is none; FEED is where the socket is bound."""
    stand_back()
    store, config, room_name, feed = arguments
    settings = load_settings(Path(config) if config else None, Path(store))
    room = find_room(settings, room_name)
    if settings.web.certificate is not None:
        require_certificate(settings.web.certificate, settings.web.key)
    folder = web_folder(settings)
    token = first_person(folder, settings.operator)
    people = read_people(folder)
    aside = Processes(settings.store, Path(config) if config else None, room_name)
    assembled = assemble(settings, room, people, aside, tell, Path(feed).parent)
    try:
        asyncio.run(_serve(settings, room, assembled, Path(feed), token))
    finally:
        assembled.database.close()


async def _serve(
    settings: Settings, room: Room, assembled: Assembled, feed: Path, token: str | None
) -> None:
    parts, web = assembled.parts, settings.web
    on = listening(web.host, web.port)
    port = on.getsockname()[1]
    watch = Watch(assembled)
    lines = _Lines(watch.take_line)

    def ready() -> None:
        tell({"ready": True, "host": web.host, "port": port, "url": _url(web, port, token)})
        asyncio.get_running_loop().run_in_executor(None, watch.recall)

    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(
                serve_app(web_app(parts), on, ready, certificate=web.certificate, key=web.key),
                name="web-server",
            ),
            group.create_task(parts.updates.run(), name="live"),
            group.create_task(watch.follow_record(), name="record"),
            group.create_task(watch.follow_feed(feed, room.machine.layout), name="feed"),
        ]
        await lines.ended.wait()
        for task in working:
            task.cancel()


class _Lines:
    """What ``serve`` says, line by line, on the loop; its end and SIGTERM end this process."""

    def __init__(self, take: Callable[[Mapping[str, Any]], None]) -> None:
        self.ended = asyncio.Event()
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self.ended.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def _read(self) -> None:
        left = b""
        while portion := os.read(INPUT, INPUT_BYTES):
            *whole, left = (left + portion).split(b"\n")
            for line in whole:
                self._on_loop(self._line, line)
        self._on_loop(self.ended.set)

    def _on_loop(self, call: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call, *arguments)

    def _line(self, line: bytes) -> None:
        try:
            self._take(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            _log.error("a line of the service cannot be read: %s", type(error).__name__)


def _url(web: Web, port: int, token: str | None) -> str:
    scheme = "http" if web.certificate is None else "https"
    host = web.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = web.allowed_hosts[0] if web.allowed_hosts else "localhost"
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}:{port}/" + ("" if token is None else f"#token={token}")


if __name__ == "__main__":
    sys.exit(run_child(main))
