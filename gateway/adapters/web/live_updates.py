"""The live loop: takes what the room tells, gives every viewer an update when its time has come."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from gateway.adapters.web.hub import Hub
from gateway.adapters.web.live_text import couch_row, sample_row, update_text
from gateway.adapters.web.live_view import LiveView
from gateway.adapters.web.pacing import Pacer
from gateway.adapters.web.portal_preview import live_image
from gateway.domain.axes import AxisLayout
from gateway.domain.errors import StoreError
from gateway.formats.live_feed import LiveFrame, LiveSample, Message
from gateway.ports.observer import KeptFrame

PERIOD_S = 0.04
"""The shortest time between two updates: 25 a second."""
STILL_S = 1.0
"""A room that tells nothing is told to be so, that often."""

_log = logging.getLogger(__name__)


class LiveUpdates:
    """Owns the view of the room. ``more_state`` adds what others know (who holds control)."""

    def __init__(
        self, hub: Hub, layout: AxisLayout, more_state: Callable[[], Mapping[str, Any]]
    ) -> None:
        self.view = LiveView()
        self._hub = hub
        self._layout = layout
        self._more_state = more_state
        self._pacer: Pacer[LiveSample] = Pacer()
        self._sample: LiveSample | None = None
        self._image: Mapping[str, Any] | None = None
        self._frame: KeptFrame | None = None
        self._woken = asyncio.Event()
        self._news = True
        self._framed = asyncio.Event()
        self._number = 0

    @property
    def frame(self) -> KeptFrame | None:
        """The newest portal frame of the delivery that was told of last."""
        return self._frame

    def take(self, message: Message) -> None:
        """Take what the room has told; returns at once."""
        before = self.view.last_delivery_id
        self.view.take(message)
        if self.view.last_delivery_id != before:
            self._forget()
        if isinstance(message, LiveSample):
            now_s = asyncio.get_running_loop().time()
            self._pacer.put(message.sample.machine_time_ns, now_s, message)
            self._woken.set()
            return
        if isinstance(message, LiveFrame):
            self._frame = message.frame
            self._framed.set()
        self.touch()

    def set_connected(self, connected: bool) -> None:
        """The room's process speaks, or is gone."""
        self.view.set_connected(connected)
        if not connected:
            self._pacer.clear()
        self.touch()

    def touch(self) -> None:
        """Something else than a sample has changed."""
        self._news = True
        self._woken.set()

    async def run(self) -> None:
        """Give updates out until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._give_updates(), name="live-updates")
            group.create_task(self._give_images(), name="live-images")

    async def _give_updates(self) -> None:
        loop = asyncio.get_running_loop()
        given_s, next_s = -math.inf, loop.time()
        while True:
            now_s = loop.time()
            due = self._pacer.due(now_s)
            if due is not None or self._news or now_s - given_s >= STILL_S:
                given_s, self._news = now_s, False
                self._sample = due or self._sample
                self._give()
            next_s = max(next_s + PERIOD_S, loop.time())
            await asyncio.sleep(next_s - loop.time())
            if self._pacer.next_s() is None:
                await self._still()

    async def _still(self) -> None:
        """Until something is told, or nothing was for long."""
        self._woken.clear()
        if not self._news:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), STILL_S)

    def _forget(self) -> None:
        """What was seen belongs to another delivery."""
        self._pacer.clear()
        self._sample = self._image = self._frame = None
        self._hub.publish_image(None)

    def _give(self) -> None:
        self._number += 1
        sample, couch = self._sample, self.view.couch
        text = update_text(
            self._number,
            {**self.view.state(), **self._more_state()},
            None if sample is None else sample_row(sample, self._layout),
            None if couch is None else couch_row(couch),
            self._image,
        )
        self._hub.publish(text)

    async def _give_images(self) -> None:
        while True:
            await self._framed.wait()
            self._framed.clear()
            frame = self._frame
            if frame is None:
                continue
            try:
                image, words = await asyncio.to_thread(live_image, frame)
            except StoreError as error:
                _log.warning("%s", error)
                continue
            if self._frame is not None:  # else it belongs to a delivery that is over
                self._image = words
                self._hub.publish_image(image)
                self.touch()
