"""Samples come in groups; here they are shown one after the other, as the machine took them."""

from collections import deque
from typing import Generic, TypeVar

from gateway.domain.units import NS_PER_S

T = TypeVar("T")

DELAY_S = 0.12
"""How much later they are shown than the fastest of them came: more than a commit's period."""
CREEP_S = 0.0005
"""By how much a sample may push back what is taken for the fastest way here (clocks drift)."""
JUMP_S = 2.0
MOST_WAITING = 256


class Pacer(Generic[T]):
    """Holds what was told until its moment has come."""

    def __init__(self, delay_s: float = DELAY_S) -> None:
        self._delay_s = delay_s
        self._waiting: deque[tuple[float, T]] = deque(maxlen=MOST_WAITING)
        self._lag_s: float | None = None

    def put(self, machine_time_ns: int, now_s: float, item: T) -> None:
        """Take an item that the machine stamped, at ``now_s`` of this process's clock."""
        taken_s = machine_time_ns / NS_PER_S
        lag_s = now_s - taken_s
        if self._lag_s is None or abs(lag_s - self._lag_s) > JUMP_S:
            self._waiting.clear()
            self._lag_s = lag_s
        self._lag_s = min(lag_s, self._lag_s + CREEP_S)
        self._waiting.append((taken_s, item))

    def due(self, now_s: float) -> T | None:
        """The newest item whose moment has come, those before it forgotten; None without one."""
        found: T | None = None
        while self._waiting and self._due_s(self._waiting[0][0]) <= now_s:
            found = self._waiting.popleft()[1]
        return found

    def next_s(self) -> float | None:
        """When the next item is due; None where nothing waits."""
        return self._due_s(self._waiting[0][0]) if self._waiting else None

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._lag_s = None

    def _due_s(self, taken_s: float) -> float:
        return taken_s + (self._lag_s or 0.0) + self._delay_s
