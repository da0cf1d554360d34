"""What a ``$J=`` line asks for, read as Grbl 1.1 reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = re.compile(r"([A-Z])([^A-Z]*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_MM_PER_INCH = 25.4
_S_PER_MIN = 60.0
_AXES = "XYZ"

EXPECTED_LETTER = 1
BAD_NUMBER = 2
INVALID_JOG = 16
UNSUPPORTED = 20
REPEATED_WORD = 25
NO_AXIS = 26
NO_FEED = 22


class LineError(Exception):
    """A line that is answered by ``error:N``."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"error:{number}")


@dataclass(frozen=True, slots=True)
class JogLine:
    """Axis words in mm, absolute or as steps from where the last move ends; feed in mm/s."""

    axes: Mapping[str, float]
    incremental: bool
    feed: float


def parse_jog(text: str) -> JogLine:
    """Reads what follows ``$J=``, without blanks and in capitals. Raises LineError."""
    modes: set[float] = set()
    words: dict[str, float] = {}
    for letter, value in _words(text):
        if letter == "G":
            if value not in (20.0, 21.0, 53.0, 90.0, 91.0):
                raise LineError(INVALID_JOG)
            modes.add(value)
        elif letter not in "XYZFN":
            raise LineError(INVALID_JOG)
        elif letter in words:
            raise LineError(REPEATED_WORD)
        else:
            words[letter] = value
    axes = {axis: words[axis] for axis in _AXES if axis in words}
    if not axes:
        raise LineError(NO_AXIS)
    if words.get("F", 0.0) <= 0.0:
        raise LineError(NO_FEED)
    scale = _MM_PER_INCH if 20.0 in modes else 1.0
    return JogLine(
        {axis: value * scale for axis, value in axes.items()},
        91.0 in modes and 53.0 not in modes,
        words["F"] * scale / _S_PER_MIN,
    )


def _words(text: str) -> list[tuple[str, float]]:
    words: list[tuple[str, float]] = []
    at = 0
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise LineError(EXPECTED_LETTER)
        if not _NUMBER.fullmatch(word[2]):
            raise LineError(BAD_NUMBER)
        words.append((word[1], float(word[2])))
        at = word.end()
    return words
