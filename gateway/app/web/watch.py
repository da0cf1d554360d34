"""Keeps the live view up to date: the feed, the record, what ``serve`` says."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.live.feed import Feed, RoomHeard
from gateway.app.web.assembly import Assembled
from gateway.domain.axes import AxisLayout
from gateway.domain.errors import StoreError
from gateway.formats.live_feed import LiveEvent

LOOK_S = 1.0
"""The record is looked at that often by itself, and at once when the feed tells of an event."""

_log = logging.getLogger(__name__)


class Watch:
    """Everything that happens without a request."""

    def __init__(self, assembled: Assembled) -> None:
        self._assembled = assembled
        self._nudged = asyncio.Event()

    async def follow_feed(self, path: Path, layout: AxisLayout) -> None:
        """Take what the room's process tells, until cancelled. Raises ConfigError."""
        updates = self._assembled.parts.updates
        async with Feed(path, layout) as feed:
            async for item in feed:
                if isinstance(item, RoomHeard):
                    updates.set_connected(item.connected)
                    continue
                updates.take(item)
                self._assembled.metrics.note(item)
                if isinstance(item, LiveEvent):
                    self._nudged.set()

    async def follow_record(self) -> None:
        """Look for events, alarms and ends of deliveries, until cancelled."""
        noticed, told = self._assembled.noticed, True
        while True:
            self._nudged.clear()
            try:
                before = noticed.state()
                await asyncio.to_thread(self._look)
                if noticed.state() != before:
                    self._assembled.parts.updates.touch()
                told = False
            except StoreError as error:
                if not told:
                    _log.error("%s", error)
                told = True
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._nudged.wait()
            except TimeoutError:
                continue

    def recall(self) -> None:
        """Ask what became of deliveries whose answer an earlier process may have missed."""
        try:
            self._assembled.queue.recall()
        except (StoreError, OSError) as error:
            _log.error("%s", error)

    def take_line(self, line: Mapping[str, Any]) -> None:
        """Take a line of ``serve``. Returns at once. Raises KeyError, TypeError."""
        assembled = self._assembled
        if "room" in line:
            told, control = line["room"], assembled.parts.control
            control.busy = bool(told["busy"])
            control.item = str(told.get("item", ""))
            control.by = tuple(map(str, told.get("by", ())))
            if not control.busy:
                assembled.parts.updates.view.rest()
            assembled.parts.updates.touch()
        if "answer" in line:
            answer = line["answer"]
            assembled.line.answered(answer)
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, self._answered, answer)

    def _answered(self, answer: Mapping[str, Any]) -> None:
        try:
            self._assembled.queue.answered(answer)
        except StoreError as error:
            _log.error("%s", error)
        self._assembled.noticed.queue += 1

    def _look(self) -> None:
        assembled = self._assembled
        if assembled.index.refresh():
            assembled.queue.settle()
            assembled.noticed.record = assembled.index.last
        assembled.noticed.alarms = assembled.alarms.open()
