"""Processes that the service starts and watches; each ends with its standard input."""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.domain.errors import LinkLost, ReplyTimeout

READY_BOUND_S = 60.0
STOP_BOUND_S = 30.0
LINE_BYTES = 64 * 2**20
"""A summary of a large plan is one line."""
LEFT_BYTES = 2**16
NEVER_STARTED = -1

_log = logging.getLogger(__name__)

Told = Callable[[Mapping[str, Any]], None]


class Child:
    """One process that speaks lines of JSON; its first line says that it is ready."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], told: Told) -> None:
        self.name = name
        self._argv = (sys.executable, "-m", module, *arguments)
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.ready: Mapping[str, Any] = {}

    @property
    def pid(self) -> int:
        """The process. Raises LinkLost before it was started."""
        return self._running().pid

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.returncode is not None

    async def start(self) -> None:
        """Start the process and wait until it is ready. Raises LinkLost, ReplyTimeout."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                start_new_session=True,
            )
        except OSError as error:
            raise LinkLost(f"the {self.name} process cannot be started: {error}") from error
        try:
            async with asyncio.timeout(READY_BOUND_S):
                first = await self._line()
        except TimeoutError:
            await self.stop()
            raise ReplyTimeout(
                f"the {self.name} process was not ready in {READY_BOUND_S:g} s"
            ) from None
        except ValueError as error:
            await self.stop()
            raise LinkLost(f"the {self.name} process cannot be understood: {error}") from error
        if first is None:
            code = await self._process.wait()
            raise LinkLost(f"the {self.name} process ended with {code} before it was ready")
        self.ready = first
        self._reading = asyncio.create_task(self._read(), name=f"child-{self.name}")

    async def ended(self) -> int:
        """Wait for its end; the exit code. What it said was told before."""
        if self._process is None:
            return NEVER_STARTED
        if self._reading is not None:
            await asyncio.wait((self._reading,))
        return await self._running().wait()

    async def send(self, value: Mapping[str, Any]) -> None:
        """Give it a line. Raises LinkLost when it is gone."""
        try:
            await self.say(value).drain()
        except ConnectionError as error:
            raise LinkLost(f"the {self.name} process has ended") from error

    def say(self, value: Mapping[str, Any]) -> asyncio.StreamWriter:
        """Give it a line, and wait for nothing. Raises LinkLost when it is gone."""
        writer = self._running().stdin
        if writer is None or writer.is_closing():
            raise LinkLost(f"the {self.name} process has ended")
        writer.write(json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        return writer

    async def stop(self, bound_s: float = STOP_BOUND_S) -> None:
        """End it: its input closes, then SIGTERM, after ``bound_s`` SIGKILL. Idempotent."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(bound_s):
                await process.wait()
        except TimeoutError:
            _log.error("the %s process did not end in %g s: killed", self.name, bound_s)
            process.kill()
            await process.wait()
        if self._reading is not None:
            await asyncio.wait((self._reading,))

    async def _read(self) -> None:
        try:
            while (value := await self._line()) is not None:
                self._told(value)
        except Exception as error:  # noqa: BLE001 - else nobody would read it any more
            _log.error("the %s process cannot be understood: %r", self.name, error)
            await self._leave()

    async def _leave(self) -> None:
        """End a process by its input, whatever it still says: who keeps it starts another."""
        process = self._running()
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            while await process.stdout.read(LEFT_BYTES):
                continue

    async def _line(self) -> Mapping[str, Any] | None:
        reader = self._running().stdout
        line = b"" if reader is None else await reader.readline()
        if not line:
            return None
        value: Mapping[str, Any] = json.loads(line)
        return value

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise LinkLost(f"the {self.name} process was not started")
        return self._process
