"""Serial lines: one owner, threads that end, and every error of the system told as a lost link."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import serial

from gateway.adapters.streams import pty
from gateway.adapters.streams.pty import PtyLine, open_pty
from gateway.adapters.streams.serial import SerialStream, open_serial
from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream
from tests.streams.rigs import BAUD

ERRORS = [errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF, errno.EPIPE]


@asynccontextmanager
async def line() -> AsyncIterator[tuple[PtyLine, ByteStream]]:
    """A pseudo terminal and the port open at its other end."""
    terminal = open_pty()
    port = await open_serial(terminal.path, BAUD)
    try:
        yield terminal, port
    finally:
        await port.aclose()
        await terminal.stream.aclose()


def port_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "/dev/pts/" in thread.name]


async def test_a_port_has_one_owner() -> None:
    async with line() as (terminal, _):
        with pytest.raises(ConnectFailed, match=terminal.path):
            await open_serial(terminal.path, BAUD)


async def test_a_port_that_was_closed_can_be_opened_again() -> None:
    async with line() as (terminal, port):
        await port.aclose()
        again = await open_serial(terminal.path, BAUD)
        await terminal.stream.send(b"!")
        assert await again.receive() == b"!"
        await again.aclose()


async def test_the_threads_of_a_port_end_with_it() -> None:
    async with line() as (_, port):
        assert port_threads()
        await port.send(b"x")
        await port.aclose()
        assert port_threads() == []


async def test_a_line_that_goes_away_is_lost_and_stays_lost() -> None:
    async with line() as (terminal, port):
        waiting = asyncio.create_task(port.receive())
        await asyncio.sleep(0)
        await terminal.stream.aclose()
        await asyncio.wait((waiting,))
        assert isinstance(waiting.exception(), LinkLost)
        for _ in range(2):
            with pytest.raises(LinkLost, match="broke"):
                await port.receive()
            with pytest.raises(LinkLost, match="broke"):
                await port.send(b"x")
        await port.aclose()
        assert port_threads() == []


class BrokenPort:
    """A port whose calls fail as the system says."""

    port = "/dev/pts/broken"
    in_waiting = 0

    def __init__(self, failing: str, code: int) -> None:
        self._failing = failing
        self._error = OSError(code, os.strerror(code))
        self._stopped = threading.Event()

    def read(self, _size: int) -> bytes:
        if self._failing == "read":
            raise self._error
        self._stopped.wait()
        return b""

    def write(self, _data: bytes) -> None:
        if self._failing == "write":
            raise self._error

    def cancel_read(self) -> None:
        self._stopped.set()

    def cancel_write(self) -> None:
        """Nothing is being written."""

    def close(self) -> None:
        self._stopped.set()


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
async def test_an_error_of_reading_is_a_lost_link(code: int) -> None:
    stream = SerialStream(BrokenPort("read", code), asyncio.get_running_loop())
    with pytest.raises(LinkLost, match=os.strerror(code)):
        await stream.receive()
    with pytest.raises(LinkLost, match=os.strerror(code)):
        await stream.send(b"x")
    await stream.aclose()


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
async def test_an_error_of_writing_is_a_lost_link(code: int) -> None:
    stream = SerialStream(BrokenPort("write", code), asyncio.get_running_loop())
    waiting = asyncio.create_task(stream.receive())
    with pytest.raises(LinkLost, match=os.strerror(code)):
        await stream.send(b"x")
    with pytest.raises(LinkLost, match=os.strerror(code)):
        await waiting
    await stream.aclose()


async def test_a_line_that_takes_nothing_more_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.adapters.streams.serial.WRITE_TIMEOUT_S", 0.05)
    async with line() as (_, port):
        with pytest.raises(LinkLost, match="timeout"):
            await port.send(bytes(1 << 20))


def test_a_loop_that_ends_first_leaves_a_reader_that_ends() -> None:
    """Whoever forgot to close has no thread that fails: its bytes have nowhere to go."""
    terminal = open_pty()
    with asyncio.Runner() as runner:
        port = runner.run(open_serial(terminal.path, BAUD))
    with asyncio.Runner() as runner:
        runner.run(terminal.stream.send(b"nobody is there"))
        runner.run(port.aclose())
        runner.run(terminal.stream.aclose())
    assert port_threads() == []


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["read", "write"])
async def test_an_error_of_a_pseudo_terminal_is_a_lost_link(
    call: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise OSError(code, os.strerror(code))

    terminal = open_pty()
    with monkeypatch.context() as patched:
        patched.setattr(pty.os, call, fails)
        doing = terminal.stream.receive() if call == "read" else terminal.stream.send(b"x")
        with pytest.raises(LinkLost, match=os.strerror(code)):
            await doing
    await terminal.stream.aclose()


def test_pyserial_tells_timeouts_as_errors_of_the_system() -> None:
    assert issubclass(serial.SerialException, OSError)
    assert issubclass(serial.SerialTimeoutException, OSError)
