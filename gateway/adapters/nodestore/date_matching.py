"""Range and single value matching of dates and times (PS3.4 C.2.2.2.1, C.2.2.2.5).

A value that is not precise stands for all it can mean: ``2024`` is the whole year, ``10`` the whole
hour. Every value is turned into the first and the last instant it may be, as texts that sort.
"""

import re
from datetime import datetime, timedelta

Span = tuple[str, str]
"""First and last instant, in digits."""

_FORMS = {
    "DA": re.compile(r"(\d{4}\.\d{2}\.\d{2}|\d{4}(?:\d{2}){0,2})"),
    "TM": re.compile(
        r"(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?|\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)"
    ),
    "DT": re.compile(
        r"(\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?)((?:\+(?:0\d|1[0-4])|-(?:0\d|1[0-2]))[0-5]\d)?"
    ),
}
_FIRST = {"DA": "00000101", "TM": "000000000000", "DT": "00000101000000000000"}
_LAST = {"DA": "99991231", "TM": "235959999999", "DT": "99991231235959999999"}


def matches_dates(vr: str, key: str, value: str) -> bool:
    """Whether a date, time or date-time lies in the key's range, or is its single value.

    Date-times with an offset are compared in UTC; those without are taken to be in UTC. What is
    not of the VR's form matches only when it is the same text.
    """
    wanted, found = _range(vr, key.strip()), _span(vr, value.strip())
    if wanted is None or found is None:
        return key.strip() == value.strip()
    return wanted[0] <= found[1] and found[0] <= wanted[1]


def _range(vr: str, key: str) -> Span | None:
    if key.startswith("-"):
        until = _span(vr, key[1:])
        return until and (_FIRST[vr], until[1])
    first = _FORMS[vr].match(key)
    if first is None or key[first.end() : first.end() + 1] not in ("", "-"):
        return None
    since, rest = _span(vr, first[0]), key[first.end() :]
    if since is None or not rest:
        return since
    if rest == "-":
        return since[0], _LAST[vr]
    until = _span(vr, rest[1:])
    return until and (since[0], until[1])


def _span(vr: str, text: str) -> Span | None:
    form = _FORMS[vr].fullmatch(text)
    if form is None:
        return None
    digits = re.sub(r"[.:]", "", form[1])
    first = digits + _FIRST[vr][len(digits) :]
    last = digits + _LAST[vr][len(digits) :]
    offset = form[2] if vr == "DT" else None
    return (_in_utc(first, offset), _in_utc(last, offset)) if offset else (first, last)


def _in_utc(digits: str, offset: str) -> str:
    """The instant in UTC; as it is where it is no instant of the calendar."""
    minutes = int(offset[0] + "1") * (60 * int(offset[1:3]) + int(offset[3:]))
    try:
        instant = datetime.strptime(digits, "%Y%m%d%H%M%S%f") - timedelta(minutes=minutes)  # noqa: DTZ007  # UTC by the subtraction
    except (ValueError, OverflowError):
        return digits
    return instant.strftime("%Y%m%d%H%M%S%f").zfill(len(digits))
