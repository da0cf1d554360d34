"""Numbers as DICOM writes them, read strictly (PS3.5 6.2: DS and IS)."""

import re

import numpy as np

from gateway.domain.units import FloatArray

_NUMBER = rb" *+[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)? *+"
_DS = re.compile(_NUMBER + rb"\0?")
_SEVERAL_DS = re.compile(rb"%b(?:\\%b)*+\0?" % (_NUMBER, _NUMBER))
_IS = re.compile(rb" *[+-]?\d{1,12} *\0?")
_IS_LIMIT = 2**31


class NotANumber(ValueError):
    """The text is not what DICOM allows for a number, or not finite; says so for people."""


def decimals(raw: bytes) -> FloatArray:
    """The values of a DS. Raises NotANumber."""
    parts = raw.split(b"\\")
    if _SEVERAL_DS.fullmatch(raw) is None:
        for part in parts:
            if _DS.fullmatch(part) is None:
                raise NotANumber(f"{_shown(part)} is not a decimal number")
        parts = [part.rstrip(b"\0") for part in parts]
    parts[-1] = parts[-1].rstrip(b"\0")
    values = np.array(list(map(float, parts)), dtype=np.float64)
    if not np.isfinite(values).all():
        worst = parts[int(np.flatnonzero(~np.isfinite(values))[0])]
        raise NotANumber(f"{_shown(worst)} is beyond any finite number")
    return values


def integers(raw: bytes) -> tuple[int, ...]:
    """The values of an IS. Raises NotANumber."""
    values = []
    for part in raw.split(b"\\"):
        if _IS.fullmatch(part) is None:
            raise NotANumber(f"{_shown(part)} is not an integer")
        value = int(part.rstrip(b"\0"))
        if not -_IS_LIMIT <= value < _IS_LIMIT:
            raise NotANumber(f"{_shown(part)} is beyond 32 bits")
        values.append(value)
    return tuple(values)


def is_empty(raw: bytes) -> bool:
    """Whether a value holds nothing but padding."""
    return not raw.strip(b" \0")


def _shown(part: bytes) -> str:
    return repr(part.strip(b" \0")[:24].decode("ascii", "backslashreplace"))
