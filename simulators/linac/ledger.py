"""The dose counter: what was given, per beam and delivery, kept in a file as the machine's own.

It is written before a cycle is told to anyone, so no one ever knows of dose that it does not.
"""

import struct
from dataclasses import dataclass, replace
from pathlib import Path

from simulators.slotfile import SlotFile

_LAYOUT = struct.Struct("<16sHBxqq")


@dataclass(frozen=True, slots=True)
class Entry:
    """One beam of one delivery; metersets in 0.000001 MU."""

    token: bytes
    beam_number: int
    start_umu: int
    meterset_umu: int
    finished: bool

    @property
    def delivered(self) -> bool:
        """Whether any dose was given."""
        return self.meterset_umu > self.start_umu


class DoseLedger:
    """The counter's file, and the beam that is counted now."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when the file is in use or damaged."""
        self._file = SlotFile(path, _LAYOUT)
        self._entries: dict[tuple[bytes, int], Entry] = {}
        self._records: dict[tuple[bytes, int], int] = {}
        for record, values in enumerate(self._file.records):
            token, beam_number, finished, start_umu, meterset_umu = values
            if not isinstance(token, bytes):
                raise TypeError("a token is bytes")
            entry = Entry(
                token, int(beam_number), int(start_umu), int(meterset_umu), bool(finished)
            )
            self._entries[token, entry.beam_number] = entry
            self._records[token, entry.beam_number] = record
        self._current: tuple[bytes, int] | None = None

    def find(self, token: bytes, beam_number: int) -> Entry | None:
        """The entry of that beam; None when it was never opened.

        A beam that is not the current one can get no more dose: it is finished, however it ended.
        """
        key = (token, beam_number)
        entry = self._entries.get(key)
        if entry is None or key == self._current:
            return entry
        return replace(entry, finished=True)

    def open_beam(self, token: bytes, beam_number: int, start_umu: int) -> None:
        """Make this the current beam, with nothing given."""
        key = (token, beam_number)
        self._current = key
        self._keep(Entry(token, beam_number, start_umu, start_umu, finished=False))

    def count(self, meterset_umu: int) -> None:
        """The current beam's counter stands here now."""
        now = self._open_entry()
        self._keep(Entry(now.token, now.beam_number, now.start_umu, meterset_umu, now.finished))

    def finish(self) -> None:
        """The current beam ended."""
        entry = self._open_entry()
        if not entry.finished:
            self._keep(replace(entry, finished=True))

    def leave(self) -> None:
        """No beam is current any more."""
        self._current = None

    def close(self) -> None:
        """Release the file; idempotent."""
        self._file.close()

    def _open_entry(self) -> Entry:
        if self._current is None:
            raise LookupError("no beam is being counted")
        return self._entries[self._current]

    def _keep(self, entry: Entry) -> None:
        key = (entry.token, entry.beam_number)
        values = (
            entry.token,
            entry.beam_number,
            int(entry.finished),
            entry.start_umu,
            entry.meterset_umu,
        )
        if key in self._records:
            self._file.write(self._records[key], *values)
        else:
            self._records[key] = self._file.append(*values)
        self._entries[key] = entry
