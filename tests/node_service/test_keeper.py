"""What ends is started again; what is stopped stays stopped."""

import asyncio
import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from gateway.app.node.children import Child
from gateway.app.node.keeper import Keeper
from gateway.app.node.lock import Served, only_service, served
from gateway.domain.errors import Blocked, LinkLost
from tests.node_service.waiting import until

ECHO = "tests.node_service.echo_process"


def unheard(_line: object) -> None:
    pass


async def test_a_process_that_is_killed_is_there_again() -> None:
    heard: asyncio.Queue[object] = asyncio.Queue()
    keeper = Keeper("echo", lambda: Child("echo", ECHO, (), heard.put_nowait))
    first = await keeper.start()
    await first.send({"say": 1})
    async with asyncio.timeout(30):
        assert await heard.get() == {"said": 1}
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: keeper.starts == 2)
        await keeper.child.send({"say": 2})
        assert await heard.get() == {"said": 2}
    await keeper.stop()
    assert keeper.child.gone


async def test_a_process_that_cannot_be_understood_is_replaced() -> None:
    """Something in it has written to its standard output."""
    heard: asyncio.Queue[object] = asyncio.Queue()
    keeper = Keeper("echo", lambda: Child("echo", ECHO, (), heard.put_nowait))
    first = await keeper.start()
    await first.send({"say": "nonsense"})
    async with asyncio.timeout(30):
        await until(lambda: keeper.starts == 2)
        await keeper.child.send({"say": 2})
        assert await heard.get() == {"said": 2}
    await keeper.stop()


async def test_a_system_that_gives_no_process_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeper = Keeper("echo", lambda: Child("echo", ECHO, (), unheard))
    first = await keeper.start()
    start, refused = asyncio.create_subprocess_exec, []

    async def none_left(*arguments: Any, **more: Any) -> Any:
        if not refused:
            refused.append(1)
            raise OSError(errno.EAGAIN, "no process is left")
        return await start(*arguments, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", none_left)
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: keeper.starts == 2)
    await keeper.stop()
    assert refused


async def test_a_process_that_will_not_start_is_told() -> None:
    keeper = Keeper("echo", lambda: Child("echo", ECHO, ("refuse",), unheard))
    with pytest.raises(LinkLost, match="ended with 3 before it was ready"):
        await keeper.start()


def test_a_second_service_is_refused_by_name(tmp_path: Path) -> None:
    with (
        only_service(tmp_path, "bunker", "default"),
        pytest.raises(Blocked, match=f"process {os.getpid()} for room bunker with node default"),
        only_service(tmp_path, "cellar", "other"),
    ):
        pass
    with only_service(tmp_path, "cellar", "other"):
        assert served(tmp_path) == Served("cellar", "other")
    assert served(tmp_path) is None
