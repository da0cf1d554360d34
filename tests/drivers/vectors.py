"""The shared vectors, and messages of the drivers' codecs in the vectors' plain form."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from drivers.linac.codec import AXES, MLCS
from drivers.linac.messages import Mlc
from gateway.domain.axes import Axis

FOLDER = Path(__file__).parents[1] / "protocols" / "vectors"
AXIS_CODES = {axis: code for code, axis in AXES.items()}
MLC_CODES = {device: code for code, device in MLCS.items()}


@dataclass(frozen=True)
class Vector:
    """One message as bytes and as the page's fields, in wire order."""

    type: str
    sender: str
    note: str
    sequence: int
    values: list[Any]
    wire: bytes

    def __str__(self) -> str:
        return f"{self.sender} {self.type} {self.note}"


def vectors(name: str, *senders: str) -> list[Vector]:
    """Every vector of one file that ``senders`` send."""
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [
        Vector(
            row["type"],
            row["sender"],
            row["note"],
            row.get("sequence", 0),
            list(row["fields"].values()),
            bytes.fromhex(row["hex"]),
        )
        for row in document["vectors"]
        if row["sender"] in senders
    ]


def plain(message: Any) -> list[Any]:
    """A message's attributes in order, as JSON has them."""
    return [_plain(getattr(message, field.name)) for field in fields(message)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | tuple | list):
        return [_plain(item) for item in value]
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    return value


_CONVERSIONS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (np.generic, lambda number: number.item()),
    (Mlc, lambda mlc: [MLC_CODES[mlc.device], mlc.pairs]),
    (Axis, AXIS_CODES.__getitem__),
    (Enum, lambda member: member.value),
    (bytes, bytes.hex),
)


def same(one: Any, other: Any) -> bool:
    """Whether two messages are of one type and say the same."""
    return type(one) is type(other) and plain(one) == plain(other)
