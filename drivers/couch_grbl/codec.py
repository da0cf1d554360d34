"""Grbl 1.1 lines <-> messages. No I/O, no clock, no state of the conversation."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from drivers.couch_grbl import messages as m
from drivers.incremental import IncrementalDecoder
from gateway.domain.errors import LocalProtocolError, RemoteProtocolError

R = TypeVar("R")

MAXIMUM_LINE = 127
WIRE_AXES = "XYZ"
MAIN_STATES = frozenset(
    {"Idle", "Run", "Jog", "Alarm", "Check", "Home", "Sleep", "Hold:0", "Hold:1"}
    | {f"Door:{step}" for step in range(4)}
)

_END = b"\r\n"
_NUMBER = r"-?[0-9]{1,6}\.[0-9]{3}"
_TRIPLE = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER})")
_PRINTABLE = re.compile(rb"[ -~]*")


def encode_line(line: m.Line) -> bytes:
    """A line with its end. Raises LocalProtocolError for a jog that cannot be said."""
    if isinstance(line, m.AskBuildInfo):
        return b"$I\n"
    words = [f"{axis}{_decimals(line.target[axis])}" for axis in WIRE_AXES if axis in line.target]
    if not words or len(words) != len(line.target) or line.feed < 0.001:
        raise LocalProtocolError(f"a jog of axes {sorted(line.target)} at {line.feed} mm/min")
    text = f"$J=G90 G21 G53 {' '.join(words)} F{_decimals(line.feed)}\n"
    return text.encode("ascii")


def decode_line(line: str) -> m.Message:
    """The message in a line without its end. Raises RemoteProtocolError."""
    for pattern, build in _LINES:
        if found := pattern.fullmatch(line):
            return build(found)
    raise RemoteProtocolError(f"a line that Grbl 1.1 does not say: {line!r}")


def line_decoder(accept: Callable[[m.Message], R]) -> IncrementalDecoder[R]:
    """A decoder of what a controller sends, for one connection."""

    def take(buffer: bytearray, start: int) -> tuple[int, R] | None:
        line = _next_line(buffer, start)
        if line is None:
            return None
        return start + len(line) + len(_END), accept(decode_line(line))

    return IncrementalDecoder(take)


def _next_line(buffer: bytearray, start: int) -> str | None:
    end = buffer.find(_END, start)
    seen = bytes(buffer[start : start + MAXIMUM_LINE + 2 if end < 0 else end])
    body = seen.removesuffix(_END[:1]) if end < 0 else seen
    if len(body) > MAXIMUM_LINE:
        _break(f"a line is longer than {MAXIMUM_LINE} characters")
    if not _PRINTABLE.fullmatch(body):
        _break(f"a line has bytes that are not ASCII text: {body!r}")
    return None if end < 0 else body.decode("ascii")


def _decimals(value: float) -> str:
    if not abs(value) < 1e6:
        raise LocalProtocolError(f"{value} mm cannot be said to a Grbl controller")
    return f"{round(value, 3) + 0.0:.3f}"


def _status(found: re.Match[str]) -> m.Status:
    line = found[0]
    if found[1] not in MAIN_STATES:
        _break(f"a status report in a state that Grbl 1.1 does not have: {line!r}")
    pairs = [field.split(":", 1) for field in found[2][1:].split("|")]
    fields = dict(pairs)
    if len(fields) < len(pairs) or ("MPos" in fields) == ("WPos" in fields):
        _break(f"a status report needs one of MPos and WPos, once: {line!r}")
    machine, work, offset = (_triple(fields.get(name)) for name in ("MPos", "WPos", "WCO"))
    return m.Status(found[1], machine, work, offset)


def _triple(text: str | None) -> m.Triple | None:
    if text is None:
        return None
    found = _TRIPLE.fullmatch(text)
    if found is None:
        _break(f"a position that cannot be read: {text!r}")
    return float(found[1]), float(found[2]), float(found[3])


_LINES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], m.Message]], ...] = (
    (re.compile(r"ok"), lambda _: m.Ok()),
    (re.compile(r""), lambda _: m.Blank()),
    (re.compile(r"<([A-Za-z]+(?::[0-9])?)((?:\|[A-Za-z]+:[^|<>]*)+)>"), _status),
    (re.compile(r"error:([0-9]{1,3})"), lambda found: m.Refused(int(found[1]))),
    (re.compile(r"ALARM:([0-9]{1,3})"), lambda found: m.Alarm(int(found[1]))),
    (re.compile(r"\[([A-Za-z0-9]+):(.*)\]"), lambda found: m.Feedback(found[1], found[2])),
    (
        re.compile(r"Grbl ([0-9]+\.[0-9]+[a-z]?) \['\$' for help\]"),
        lambda found: m.Banner(found[1]),
    ),
)


def _break(text: str) -> NoReturn:
    raise RemoteProtocolError(text)
