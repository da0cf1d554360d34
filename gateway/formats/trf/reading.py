"""From the bytes of a treatment record file to its table, strictly."""

import math
import struct
from collections.abc import Mapping

import numpy as np

from gateway.domain.errors import InputError
from gateway.formats.trf.log import Item, TrfLog

_HEAD = struct.Struct("<dii")
_ITEM = struct.Struct("<hh")
MOST_ITEMS = 4096
_ROWS: Mapping[int, tuple[int, str]] = {
    1: (0, "<i2"),
    2: (8, "<i2"),
    3: (8, "<i2"),
    4: (8, "<i4"),
}
"""By version: how many bytes stand before the values of a row, and what a value is."""


def read_trf(content: bytes) -> TrfLog:
    """The log in ``content``. Raises InputError where it is none, or cut off."""
    texts, at = _texts(content)
    if len(content) < at + _HEAD.size:
        raise InputError("a treatment record file cut off in its header")
    header_mu, version, count = _HEAD.unpack_from(content, at)
    at += _HEAD.size
    if version not in _ROWS:
        known = ", ".join(map(str, _ROWS))
        raise InputError(f"TRF header version {version} is not known; known are {known}")
    if not 0 < count <= MOST_ITEMS or not math.isfinite(header_mu):
        raise InputError(f"a treatment record file of {count} items and {header_mu} MU")
    if len(content) < at + _ITEM.size * count:
        raise InputError("a treatment record file cut off in its list of items")
    items: tuple[Item, ...] = tuple(_ITEM.iter_unpack(content[at : at + _ITEM.size * count]))
    if len(set(items)) < count:
        raise InputError("a treatment record file that has an item more than once")
    at += _ITEM.size * count
    before, kind = _ROWS[version]
    row = np.dtype([("time", f"V{before}"), ("values", kind, (count,))])
    rows, rest = divmod(len(content) - at, row.itemsize)
    if rest or not rows:
        raise InputError(f"a treatment record file of {rows} rows and {rest} bytes")
    table = np.frombuffer(content, row, rows, at)["values"].astype(np.int32)
    table.flags.writeable = False
    started, time_zone, field, machine = texts
    return TrfLog(started, time_zone, field, machine, header_mu, version, items, table)


def begins_as_trf(content: bytes) -> bool:
    """Whether ``content`` begins with the four texts of a TRF."""
    try:
        _texts(content)
    except InputError:
        return False
    return True


def _texts(content: bytes) -> tuple[tuple[str, str, str, str], int]:
    found: list[str] = []
    at = 0
    for _ in range(4):
        if at >= len(content):
            raise InputError("not a treatment record file: its texts are cut off")
        end = at + 1 + content[at]
        text = content[at + 1 : end]
        if len(text) < content[at] or not text.isascii():
            raise InputError("not a treatment record file: it does not begin with four texts")
        found.append(text.decode("ascii"))
        at = end
    started, time_zone, field, machine = found
    if not started.endswith("Z") or len(started) < 18:
        raise InputError(f"not a treatment record file: {started[:24]!r} is no date")
    return (started, time_zone, field, machine), at
