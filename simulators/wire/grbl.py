"""Grbl 1.1's lines and real-time bytes as the controller reads and writes them."""

from collections.abc import Iterator
from dataclasses import dataclass

MAXIMUM_LINE = 127
REAL_TIME = frozenset({0x18, ord("?"), ord("!"), ord("~")}) | frozenset(range(0x80, 0x100))

OK = b"ok\r\n"
BANNER = b"\r\nGrbl 1.1h ['$' for help]\r\n"
BUILD = b"[VER:1.1h.20190825:]\r\n[OPT:V,15,128]\r\n"
LOCKED_MESSAGE = b"[MSG:'$H'|'$X' to unlock]\r\n"
UNLOCKED_MESSAGE = b"[MSG:Caution: Unlocked]\r\n"

EXPECTED_LETTER = 1
UNSUPPORTED_SETTING = 3
LOCKED = 9
OVERFLOW = 11
UNSUPPORTED_COMMAND = 20

_WCO_EVERY_BUSY = 30
_WCO_EVERY_IDLE = 10
_OV_EVERY_BUSY = 20
_OV_EVERY_IDLE = 10


def error(number: int) -> bytes:
    """The answer to a refused line."""
    return f"error:{number}\r\n".encode("ascii")


def alarm(number: int) -> bytes:
    """What the controller says when it locks itself."""
    return f"ALARM:{number}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the controller keeps it: capitals, no blanks, no comments."""

    text: str
    overflown: bool

    @property
    def jog(self) -> bool:
        """Whether it is a jog."""
        return self.text.startswith("$J=")


class LineSplitter:
    """Takes real-time bytes out of the stream and cuts the rest into lines."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._overflown = False
        self._comment = False

    def feed(self, data: bytes) -> Iterator[Line | int]:
        """Lines, and real-time bytes as integers, in the order in which they end."""
        for byte in data:
            if byte in REAL_TIME:
                yield byte
            elif byte in b"\r\n":
                yield Line(self._line.decode("ascii"), self._overflown)
                self.clear()
            else:
                self._keep(byte)

    def clear(self) -> None:
        """Forget the line under way."""
        self._line.clear()
        self._overflown = False
        self._comment = False

    def _keep(self, byte: int) -> None:
        if byte in b"(;":
            self._comment = True
        elif byte == ord(")"):
            self._comment = False
        elif not self._comment and byte > ord(" "):
            self._overflown = self._overflown or len(self._line) >= MAXIMUM_LINE
            if not self._overflown:
                self._line += bytes([byte]).upper()


class Reports:
    """Status reports; the work offset and the overrides stand in some of them only."""

    def __init__(self) -> None:
        self._until_wco = 0
        self._until_ov = 0

    def status(self, state: str, position: tuple[float, float, float], speed: float) -> bytes:
        """A report; ``position`` in mm, ``speed`` in mm/s."""
        moving = state == "Jog"
        x, y, z = (round(at, 3) + 0.0 for at in position)
        report = (
            f"<{state}|MPos:{x:.3f},{y:.3f},{z:.3f}|FS:{speed * 60.0:.0f},0{self._extra(moving)}>"
        )
        return f"{report}\r\n".encode("ascii")

    def _extra(self, moving: bool) -> str:
        if self._until_wco == 0:
            self._until_wco = _WCO_EVERY_BUSY if moving else _WCO_EVERY_IDLE
            self._until_ov = max(self._until_ov, 1)
            return "|WCO:0.000,0.000,0.000"
        self._until_wco -= 1
        if self._until_ov == 0:
            self._until_ov = _OV_EVERY_BUSY if moving else _OV_EVERY_IDLE
            return "|Ov:100,100,100"
        self._until_ov -= 1
        return ""
