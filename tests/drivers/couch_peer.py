"""A Grbl controller that follows a script: it jumps to the target of a jog after some reports."""

import re

from gateway.ports.stream import ByteStream
from tests.drivers.peers import SlowStream

_WORD = re.compile(r"([XYZ])(-?[0-9.]+)")


class CouchPeer:
    """Answers ``?``, ``$I`` and ``$J=``; ``travel`` is how many reports a jog takes."""

    def __init__(self) -> None:
        self.streams: list[SlowStream] = []
        self.state = "Idle"
        self.position = [0.0, 0.0, 0.0]
        self.offset = [0.0, 0.0, 0.0]
        self.reports_work = False
        self.reports = True
        self.travel = 3
        self.version = "[VER:1.1h.20190825:]\r\n[OPT:V,15,128]\r\nok\r\n"
        self.jog_answer = "ok\r\n"
        self.lines: list[str] = []
        self.cancels = 0
        self._target: list[float] | None = None
        self._left = 0
        self._line = bytearray()

    async def open(self) -> ByteStream:
        """A StreamOpener."""
        self.streams.append(SlowStream(self._take))
        return self.streams[-1]

    @property
    def stream(self) -> SlowStream:
        """The newest connection."""
        return self.streams[-1]

    def say(self, text: str) -> None:
        """Text on its way to the driver."""
        self.stream.say(text.encode("ascii"))

    @property
    def jogs(self) -> list[str]:
        """Every jog that came."""
        return [line for line in self.lines if line.startswith("$J=")]

    def accept_jog(self, line: str) -> None:
        """Begin the motion that ``line`` asks for."""
        self._target = list(self.position)
        for axis, value in _WORD.findall(line.removeprefix("$J=G90 G21 G53")):
            self._target["XYZ".index(axis)] = float(value)
        self.state, self._left = "Jog", self.travel

    def _take(self, data: bytes) -> None:
        for value in data:
            if value == 0x85:
                self._cancel()
            elif value == ord("?"):
                self._report()
            elif value == ord("\n"):
                line, self._line = self._line.decode("ascii"), bytearray()
                self._obey(line)
            else:
                self._line.append(value)

    def _obey(self, line: str) -> None:
        self.lines.append(line)
        if line == "$I":
            self.say(self.version)
        elif self.jog_answer:
            if self.jog_answer.startswith("ok"):
                self.accept_jog(line)
            self.say(self.jog_answer)

    def _cancel(self) -> None:
        self.cancels += 1
        if self.state == "Jog":
            self.state, self._target = "Idle", None

    def _report(self) -> None:
        if not self.reports:
            return
        if self._target is not None:
            self._left -= 1
            if self._left <= 0:
                self.state, self.position, self._target = "Idle", self._target, None
        numbers = self.position
        if self.reports_work:
            numbers = [place - off for place, off in zip(self.position, self.offset, strict=True)]
        name = "WPos" if self.reports_work else "MPos"
        self.say(f"<{self.state}|{name}:{_triple(numbers)}|FS:0,0>\r\n")

    def say_offset(self) -> None:
        """A report with WCO."""
        self.say(f"<{self.state}|WPos:0.000,0.000,0.000|FS:0,0|WCO:{_triple(self.offset)}>\r\n")


def _triple(values: list[float]) -> str:
    return ",".join(f"{value:.3f}" for value in values)
