"""Each driver codec seen alike by the tests: how to decode, what breaks it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.couch_grbl import codec as grbl
from drivers.epid import codec as pfp
from drivers.incremental import IncrementalDecoder
from drivers.linac import codec as lcp
from tests.drivers.vectors import Vector, vectors

Numbered = tuple[int, Any]


@dataclass(frozen=True)
class Wire:
    """A codec's receiving side and the vectors that it must understand."""

    name: str
    decoder: Callable[[], IncrementalDecoder[Numbered]]
    received: list[Vector]

    def __str__(self) -> str:
        return self.name


def numbered(sequence: int, message: Any) -> Numbered:
    return sequence, message


WIRES = (
    Wire("lcp1", lambda: lcp.answer_decoder(numbered), vectors("lcp1", "machine")),
    Wire("pfp1", lambda: pfp.answer_decoder(numbered), vectors("pfp1", "imager")),
    Wire(
        "grbl11",
        lambda: grbl.line_decoder(lambda message: (0, message)),
        vectors("grbl11", "controller"),
    ),
)


def drained(decoder: IncrementalDecoder[Numbered], data: bytes) -> list[Numbered]:
    """Everything ``data`` completes, as a driver feeds: what came back, then the check."""
    items = decoder.feed(data)
    decoder.check()
    return items
