"""Wall clocks. Both implement :class:`gateway.ports.clock.WallClock`."""

import time
from collections.abc import Callable

from gateway.domain.units import NS_PER_S


class SystemClock:
    """The computer's own clock."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        return time.time_ns()


class SimulatedClock:
    """A date that moves with simulated time: ``epoch_ns`` at ``time_s() == 0``."""

    def __init__(self, epoch_ns: int, time_s: Callable[[], float]) -> None:
        self._epoch_ns = epoch_ns
        self._time_s = time_s

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        return self._epoch_ns + round(self._time_s() * NS_PER_S)
