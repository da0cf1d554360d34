"""``serve``: the room and the DICOM node, each in processes of its own, started and watched."""

import asyncio
import logging
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gateway.app.intake import find_room
from gateway.app.node.children import Child
from gateway.app.node.judging import forget_incoming
from gateway.app.node.keeper import Keeper
from gateway.app.node.lock import only_service
from gateway.app.node.parts import NodeParts, open_parts
from gateway.app.node.record import outcome_of
from gateway.app.node.room import RoomProcess
from gateway.app.node.work import work_of
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What the command line asked for; ``speed`` is empty for the room's own."""

    room: str
    node: str
    config: Path | None
    speed: str = ""


Ready = Callable[[Mapping[str, Any]], None]


async def serve(request: ServeRequest, settings: Settings, ready: Ready) -> None:
    """Serve until SIGINT or SIGTERM; a beam that runs then is turned off and its record kept.

    ``ready`` is called once everything answers. Raises ConfigError, Blocked where the store is
    served already, StoreError, LinkLost, ReplyTimeout.
    """
    find_room(settings, request.room)
    node = load_node(request.node, config_roots(settings.site))
    with only_service(settings.store, request.room):
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
    room = RoomProcess(
        request.room,
        (settings.store, request.config, request.speed),
        partial(outcome_of, settings),
    )
    stack.push_async_callback(room.aclose)
    await room.start()
    listening = await _start_node(request, parts, stack)
    working = [_begun(name, work) for name, work in work_of(parts, room)]
    for task in working:
        stack.push_async_callback(_cancel, task)
    ready({"ready": True, "room": request.room, "ae_title": parts.node.ae_title, **listening})
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((stopping, *working), return_when=asyncio.FIRST_COMPLETED)
    await _cancel(stopping)
    for task in working:
        if task.done():
            task.result()


def _begun(name: str, work: Awaitable[None]) -> "asyncio.Task[None]":
    return asyncio.create_task(_awaited(work), name=name)


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def _start_node(
    request: ServeRequest, parts: NodeParts, stack: AsyncExitStack
) -> Mapping[str, Any]:
    """Start workers, sender and guard; where the guard listens."""
    folder = Path(tempfile.mkdtemp(prefix="linac-gateway-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    common = (str(parts.settings.store), str(request.config or ""), request.node)
    sockets = [str(folder / f"worker-{n}") for n in range(parts.node.limits.workers)]
    wanted: list[tuple[str, str, tuple[str, ...]]] = [
        (f"worker {n}", "worker_process", (path,)) for n, path in enumerate(sockets)
    ]
    wanted += [("sender", "sender_process", ()), ("guard", "guard_process", tuple(sockets))]
    child: Child | None = None
    for name, module, more in wanted:
        child = await _keep(stack, name, f"gateway.app.node.{module}", (*common, *more))
    assert child is not None  # noqa: S101 - the guard came last
    return {"host": child.ready["host"], "port": child.ready["port"]}


async def _keep(stack: AsyncExitStack, name: str, module: str, arguments: tuple[str, ...]) -> Child:
    keeper = Keeper(name, lambda: Child(name, module, arguments, _unexpected))
    stack.push_async_callback(keeper.stop)
    return await keeper.start()


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
