"""Arming: a deliberate second step, for a minute, in memory only: a restart disarms everything."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

ARMED_S = 60.0
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ23456789"
_CODE_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Armed:
    """Who has armed an item, and until when (seconds of the monotonic clock)."""

    by: str
    until_s: float


class Arming:
    """Codes to be read and written back, and what is armed. Threads may share it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._codes: dict[str, str] = {}
        self._armed: dict[str, Armed] = {}

    def code(self, item: str) -> str:
        """The code that arms an item; a new one after it was used."""
        with self._turn:
            if item not in self._codes:
                self._codes[item] = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
            return self._codes[item]

    def arm(self, item: str, code: str, by: str) -> bool:
        """Arm an item; False where the code is another. It holds for one try."""
        wanted = self.code(item)
        with self._turn:
            self._codes.pop(item, None)
            said = code.strip().upper()
            if not secrets.compare_digest(wanted.encode(), said.encode("utf-8", "replace")):
                return False
            self._armed[item] = Armed(by, self._monotonic() + ARMED_S)
            return True

    def armed(self, item: str) -> Armed | None:
        """Who has armed it; None where nobody has, or the time is over."""
        with self._turn:
            found = self._armed.get(item)
            if found is not None and found.until_s <= self._monotonic():
                del self._armed[item]
                return None
            return found

    def take(self, item: str) -> Armed | None:
        """As :meth:`armed`, and disarmed by that: one arming is for one delivery."""
        found = self.armed(item)
        with self._turn:
            return None if found is None else self._armed.pop(item, None)

    def forget(self, item: str) -> None:
        """Disarm an item."""
        with self._turn:
            self._armed.pop(item, None)
            self._codes.pop(item, None)

    def left_s(self, armed: Armed) -> float:
        """How long it stays armed."""
        return max(0.0, armed.until_s - self._monotonic())
