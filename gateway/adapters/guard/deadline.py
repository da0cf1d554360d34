"""When a connection has to have done what it is waited for."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls ``missed`` with what did not come in time, or when the connection lasted too long.

    One timer follows the deadline, so that moving it, which every PDU does, costs nothing.
    """

    def __init__(self, missed: Callable[[str], None], lifetime_s: float) -> None:
        self._missed = missed
        self._loop = asyncio.get_running_loop()
        self._what = ""
        self._at_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._life = self._loop.call_later(lifetime_s, missed, f"it lasted {lifetime_s:g} s")

    def move(self, what: str, seconds: float) -> None:
        """Wait for ``what`` from now on, so long."""
        sooner = self._timer is None or self._loop.time() + seconds < self._timer.when()
        self._what = what
        self._at_s = self._loop.time() + seconds
        if sooner:
            self._watch()

    def cancel(self) -> None:
        """Wait for nothing any more."""
        self._life.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._loop.time() >= self._at_s:
            self._missed(f"{self._what} did not come in time")
        else:
            self._timer = self._loop.call_at(self._at_s, self._watch)
