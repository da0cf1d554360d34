"""Small sound logs of every format, and where their blocks end."""

import binascii
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.formats.trajectory_log import write_trajectory_log
from gateway.formats.trajectory_log.layout import HEADER_BYTES, SUB_BEAM, name_bytes
from tests.machine_logs.test_dynalog import bank
from tests.machine_logs.test_trajectory_log import AXES, COLUMNS, log
from tests.machine_logs.test_trf import BEAM, ITEMS, record


def sealed(content: bytes) -> bytes:
    """A trajectory log with the checksum that belongs to it."""
    body = content[:-2]
    return body + struct.pack("<H", binascii.crc_hqx(body, 0xFFFF))


def as_it_is(content: bytes) -> bytes:
    """A format without a checksum."""
    return content


@dataclass(frozen=True)
class Kind:
    """A format: a sound file, where its blocks end, and what makes a damaged file its own again."""

    suffix: str
    content: bytes
    ends: tuple[int, ...]
    seal: Callable[[bytes], bytes] = as_it_is

    def put(self, folder: Path, content: bytes) -> list[Path]:
        """The file, or the two of a dynalog."""
        if self.suffix != ".dlg":
            path = folder / f"log{self.suffix}"
            path.write_bytes(content)
            return [path]
        paths = [folder / "Alog.dlg", folder / "Blog.dlg"]
        for path in paths:
            path.write_bytes(content)
        return paths


def _trajectory(version: str) -> Kind:
    content = write_trajectory_log(log(version, snapshots=3))
    count = len(AXES)
    fixed = (5, 16, 32, 36, 40, 44, 44 + 4 * count, 44 + 8 * count, 64 + 8 * count, HEADER_BYTES)
    size = SUB_BEAM.size + name_bytes(version) + 32
    beams = [HEADER_BYTES + n * size + at for n in range(2) for at in (16, size - 32, size)]
    snapshots = [beams[-1] + 8 * COLUMNS * n for n in (1, 2, 3)]
    return Kind(".bin", content, (*fixed, *beams, *snapshots, len(content)), sealed)


def _trf(version: int) -> Kind:
    content = record(BEAM, version)
    texts, at = [], 0
    for _ in range(4):
        at += 1 + content[at]
        texts.append(at)
    head = [at + 8, at + 12, at + 16]
    items = [head[-1] + 4 * n for n in (1, len(ITEMS))]
    row = (len(content) - items[-1]) // len(BEAM)
    rows = [items[-1] + row * n for n in (1, 2, 3)]
    return Kind(".trf", content, (*texts, *head, *items, *rows))


def _dynalog() -> Kind:
    content = bank(5100)
    ends = tuple(at + 1 for at, byte in enumerate(content) if byte == ord("\n"))
    return Kind(".dlg", content, ends)


VERSIONS = ("2.1", "3.0", "4.0", "5.0")
KINDS: Mapping[str, Kind] = {
    **{
        f"trajectory log {version}": _trajectory(version)
        for version in ("2.1", "3.0", "4.0", "5.0")
    },
    **{f"TRF {version}": _trf(version) for version in (1, 2, 3, 4)},
    "dynalog": _dynalog(),
}


def cuts(kind: Kind) -> Iterator[bytes]:
    """Cut off one byte before, at and one byte after the end of every block."""
    whole = len(kind.content)
    places = {at + more for at in (0, *kind.ends) for more in (-1, 0, 1)}
    for at in sorted(place for place in places if 0 <= place < whole):
        yield kind.content[:at]


def changed(kind: Kind, at: int, new: bytes) -> bytes:
    """With ``new`` at ``at``."""
    content = kind.content
    return kind.seal(content[:at] + new + content[at + len(new) :])
