"""``serve``: room, DICOM node, dashboard and MQTT, each in a process of its own that is watched."""

import asyncio
import logging
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socket import AI_PASSIVE, SOCK_STREAM, create_server, getaddrinfo
from typing import Any, TypeVar

from gateway.app.intake import find_room
from gateway.app.node.children import Child
from gateway.app.node.commands import REAL_TIME
from gateway.app.node.judging import forget_incoming
from gateway.app.node.keeper import Keeper
from gateway.app.node.lock import only_service
from gateway.app.node.notify import keep_alive, notify
from gateway.app.node.parts import NodeParts, open_parts
from gateway.app.node.record import outcome_of
from gateway.app.node.room import RoomProcess
from gateway.app.node.watching import FEEDS, feeds, start_mqtt, start_web
from gateway.app.node.work import work_of
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.domain.errors import ConnectFailed
from gateway.domain.node import Node
from gateway.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What the command line asked for; ``speed`` is empty for the room's own.

    ``web``: dashboard and HTTP API are served too. ``permit`` is what a real room may do.
    """

    room: str
    node: str
    config: Path | None
    speed: str = ""
    web: bool = True
    permit: frozenset[str] = frozenset()


T = TypeVar("T")
Ready = Callable[[Mapping[str, Any]], None]


async def serve(request: ServeRequest, settings: Settings, ready: Ready) -> None:
    """Serve until SIGINT or SIGTERM; a beam that runs then is turned off and its record kept.

    ``ready`` is called once everything answers. Raises ConfigError, Blocked where the store is
    served already, StoreError, LinkLost, ReplyTimeout.
    """
    find_room(settings, request.room)
    node = load_node(request.node, config_roots(settings.site), pseudonymise=settings.pseudonymise)
    with only_service(settings.store, request.room, request.node):
        _require_port(node)
        parts = open_parts(settings, node)
        parts.objects.sweep()
        forget_incoming(parts.root)
        async with AsyncExitStack() as stack:
            stack.callback(parts.database.close)
            await _serve(request, parts, stack, ready)


async def _serve(
    request: ServeRequest, parts: NodeParts, stack: AsyncExitStack, ready: Ready
) -> None:
    settings = parts.settings
    stopped = _stopped_by_signals(stack)
    folder = Path(tempfile.mkdtemp(prefix="linac-gateway-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    mqtt = settings.mqtt is not None
    room = RoomProcess(
        request.room,
        (settings.store, request.config, request.speed),
        partial(outcome_of, settings),
        feeds(folder, web=request.web, mqtt=mqtt),
        request.permit,
    )
    stack.push_async_callback(room.aclose)
    watching, listening = await _together(
        _watched(request, settings, room, folder, stack, mqtt=mqtt),
        _start(request, parts, room, folder, stack),
    )
    working = [_begun(name, work) for name, work in work_of(parts, room)]
    for task in working:
        stack.push_async_callback(_cancel, task)
    ready(
        {
            "ready": True,
            "room": request.room,
            "ae_title": parts.node.ae_title,
            **listening,
            **watching,
        }
    )
    notify("READY=1")
    alive = asyncio.create_task(keep_alive())
    stack.push_async_callback(_cancel, alive)
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((stopping, *working), return_when=asyncio.FIRST_COMPLETED)
    notify("STOPPING=1")
    await _cancel(stopping)
    await room.aclose()
    for task in working:
        if task.done():
            task.result()


def _begun(name: str, work: Awaitable[None]) -> "asyncio.Task[None]":
    return asyncio.create_task(_awaited(work), name=name)


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _require_port(node: Node) -> None:
    """Tell at once what the guard would find last. Raises ConnectFailed."""
    try:
        found = getaddrinfo(node.host, node.port, type=SOCK_STREAM, flags=AI_PASSIVE)
        family, *_, address = found[0]
        create_server(address, family=family).close()
    except OSError as problem:
        where = f"{node.host}:{node.port}"
        raise ConnectFailed(f"cannot listen on {where}: {problem.strerror}") from problem


async def _watched(
    request: ServeRequest,
    settings: Settings,
    room: RoomProcess,
    folder: Path,
    stack: AsyncExitStack,
    *,
    mqtt: bool,
) -> Mapping[str, Any]:
    """Start whoever watches; the dashboard's URL where there is one."""
    common = (str(settings.store), str(request.config or ""), request.room)
    found: dict[str, Any] = {}
    if request.web:
        arguments = (*common, str(folder / FEEDS["web"]))
        ready = await start_web(room, arguments, request.speed or REAL_TIME, stack)
        found["url"] = ready["url"]
    if mqtt:
        await start_mqtt((*common, str(folder / FEEDS["mqtt"])), stack)
    return found


async def _start(
    request: ServeRequest,
    parts: NodeParts,
    room: RoomProcess,
    folder: Path,
    stack: AsyncExitStack,
) -> Mapping[str, Any]:
    """Start room, workers and sender beside each other, at last the guard; where it listens."""
    common = (str(parts.settings.store), str(request.config or ""), request.node)
    sockets = [str(folder / f"worker-{n}") for n in range(parts.node.limits.workers)]
    wanted: list[tuple[str, str, tuple[str, ...]]] = [
        (f"worker {n}", "worker_process", (path, request.room)) for n, path in enumerate(sockets)
    ]
    wanted.append(("sender", "sender_process", ()))
    keepers = [_keeper(stack, name, module, (*common, *more)) for name, module, more in wanted]
    await _together(room.start(), *(_started(keeper) for keeper in keepers))
    guard = _keeper(stack, "guard", "guard_process", (*common, *sockets))
    ready = (await guard.start()).ready
    return {"host": ready["host"], "port": ready["port"]}


def _keeper(stack: AsyncExitStack, name: str, module: str, arguments: tuple[str, ...]) -> Keeper:
    argv = (f"gateway.app.node.{module}", arguments)
    keeper = Keeper(name, lambda: Child(name, *argv, _unexpected))
    stack.push_async_callback(keeper.stop)
    return keeper


async def _started(keeper: Keeper) -> None:
    await keeper.start()


async def _together(*starting: Coroutine[Any, Any, T]) -> list[T]:
    """Await all; the first that fails ends the others, and is raised alone."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in starting]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _stopped_by_signals(stack: AsyncExitStack) -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
        stack.callback(loop.remove_signal_handler, number)
    return stopped


def _unexpected(line: Mapping[str, Any]) -> None:
    _log.warning("a process of the node said %s", line)


async def _cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait((task,))
