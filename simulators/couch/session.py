"""One serial line to the couch controller: bytes in, bytes out, no I/O."""

from collections import deque
from collections.abc import Callable

from simulators.couch.jog import Point
from simulators.couch.jog_line import LineError, parse_jog
from simulators.couch.machine import CouchDrive, CouchState
from simulators.wire.grbl import (
    BANNER,
    BUILD,
    EXPECTED_LETTER,
    LOCKED,
    LOCKED_MESSAGE,
    OK,
    OVERFLOW,
    UNLOCKED_MESSAGE,
    UNSUPPORTED_COMMAND,
    UNSUPPORTED_SETTING,
    Line,
    LineSplitter,
    Reports,
    alarm,
    error,
)

RECEIVE_LINES = 64
"""Lines kept while the planner is full; what comes beyond is lost, as in a full serial buffer."""


class CouchSession:
    """Speaks Grbl 1.1 for ``drive``."""

    def __init__(self, drive: CouchDrive) -> None:
        self.drive = drive
        self._splitter = LineSplitter()
        self._reports = Reports()
        self._waiting: deque[Line] = deque()
        self._real_time: dict[int, Callable[[], bytes]] = {
            0x18: self.reset,
            ord("?"): self.status,
            ord("!"): self.feed_hold,
            ord("~"): self.cycle_start,
            0x85: self.cancel,
        }

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """What goes back for ``data``."""
        answer = self.advance(t_ns)
        for item in self._splitter.feed(data):
            if isinstance(item, int):
                action = self._real_time.get(item)
                answer += b"" if action is None else action()
            else:
                if len(self._waiting) < RECEIVE_LINES:
                    self._waiting.append(item)
                answer += self._work()
        return answer

    def advance(self, t_ns: int) -> bytes:
        """What the controller has to say by itself up to ``t_ns``."""
        said = b""
        number = self.drive.advance(t_ns)
        if number is not None:
            said += alarm(number)
        return said + self._work()

    def status(self) -> bytes:
        """``?``."""
        drive = self.drive
        return self.report(drive.state, drive.position, drive.speed)

    def report(self, state: CouchState, position: Point, speed: float) -> bytes:
        """A status report (mm, mm/s)."""
        return self._reports.status(state, position, speed)

    def cancel(self) -> bytes:
        """Jog cancel."""
        if self.drive.state is CouchState.JOG:
            self.drive.cancel()
        return b""

    def feed_hold(self) -> bytes:
        """``!``."""
        self.drive.feed_hold()
        return b""

    def cycle_start(self) -> bytes:
        """``~``."""
        self.drive.cycle_start()
        return b""

    def reset(self) -> bytes:
        """Soft reset: an alarm when it came in motion, then the banner."""
        self._waiting.clear()
        self._splitter.clear()
        self._reports = Reports()
        number = self.drive.reset()
        said = b"" if number is None else alarm(number)
        locked = LOCKED_MESSAGE if self.drive.state is CouchState.ALARM else b""
        return said + BANNER + locked

    def _work(self) -> bytes:
        """Answer lines in order; a jog waits while the planner is full."""
        answer = b""
        while self._waiting:
            line = self._waiting[0]
            if line.jog and self.drive.full:
                break
            self._waiting.popleft()
            answer += self._answer(line)
        return answer

    def _answer(self, line: Line) -> bytes:
        if line.overflown:
            return error(OVERFLOW)
        try:
            return self._act(line) + OK
        except LineError as refusal:
            return error(refusal.number)

    def _act(self, line: Line) -> bytes:
        """What a line does and says before its ``ok``. Raises LineError."""
        if line.jog:
            self.drive.jog(parse_jog(line.text.removeprefix("$J=")))
        elif line.text == "$I":
            return BUILD
        elif line.text == "$X":
            return UNLOCKED_MESSAGE if self.drive.unlock() else b""
        elif line.text.startswith("$"):
            raise LineError(UNSUPPORTED_SETTING)
        elif line.text:
            raise LineError(self._code_error(line.text))
        return b""

    def _code_error(self, text: str) -> int:
        """Why a line of G-code is refused: this drive is moved by jogs only."""
        if self.drive.state is not CouchState.IDLE:
            return LOCKED
        return UNSUPPORTED_COMMAND if text[0].isalpha() else EXPECTED_LETTER
