"""What no test may do: leave a task behind, block a running loop, listen to the network."""

import asyncio
import ipaddress
import socket
import sys
from typing import Any

import pytest
from blockbuster import BlockBuster

from gateway.timeloop import DeadlockError

PROJECT = ("gateway", "drivers", "simulators")
MAY_BLOCK = (
    ("simulators/serve.py", "room_of"),
    ("simulators/ground_truth.py", "save"),
)
"""A simulated room opens its files before anybody waits for it; a fault that is injected is noted
in a file of some hundred bytes by the simulated machine, which has no deadlines of its own."""


def guard_against_leaked_tasks() -> None:
    """Whoever closes a runner (pytest-asyncio, ``gateway.timeloop.run``) has no task left in it.

    A task that the runner would have to cancel is one that nobody waits for: its errors are lost.
    A loop that found a deadlock has broken off in the middle of its tasks.
    """
    close = asyncio.Runner.close

    def close_without_tasks(runner: asyncio.Runner) -> None:
        left = sorted(map(_described, _unfinished(runner)))
        close(runner)
        if left and not isinstance(sys.exc_info()[1], DeadlockError):
            pytest.fail("tasks left over: " + ", ".join(left), pytrace=False)

    asyncio.Runner.close = close_without_tasks  # type: ignore[method-assign, assignment]  # for the whole run


def _unfinished(runner: asyncio.Runner) -> set["asyncio.Task[Any]"]:
    try:
        return asyncio.all_tasks(runner.get_loop())
    except RuntimeError:  # already closed
        return set()


def _described(task: "asyncio.Task[Any]") -> str:
    coroutine = task.get_coro()
    return f"{task.get_name()} ({getattr(coroutine, '__qualname__', coroutine)})"


def guard_against_blocking() -> None:
    """Calls of the project's own code that block a running loop raise ``BlockingError``.

    ``gateway.timeloop`` stands below everything that runs in its loops, tests too: it does not
    count as the caller.
    """
    blocking = BlockBuster(PROJECT, excluded_modules=["gateway.timeloop"])
    for function in blocking.functions.values():
        for place in MAY_BLOCK:
            function.can_block_in(*place)
    blocking.activate()


def guard_against_listening() -> None:
    """Whoever listens does so on the loopback interface, or on no network socket.

    A stream can be reached once it listens (clients bind too), a datagram socket once it is bound.
    """
    bind, listen = socket.socket.bind, socket.socket.listen

    def bind_to_loopback(self: socket.socket, address: Any, /) -> None:
        if self.type is not socket.SOCK_STREAM:
            _require_loopback(self, address)
        bind(self, address)

    def listen_on_loopback(self: socket.socket, *backlog: int) -> None:
        _require_loopback(self, self.getsockname())
        listen(self, *backlog)

    socket.socket.bind = bind_to_loopback  # type: ignore[method-assign, assignment]  # for the whole run
    socket.socket.listen = listen_on_loopback  # type: ignore[method-assign, assignment]  # likewise


def _require_loopback(one: socket.socket, address: Any) -> None:
    if one.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        pytest.fail(f"bound to {address[0]!r}: reachable from the network")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
