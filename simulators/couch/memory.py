"""Where the couch stands, kept in a file: a stage does not go home when it is switched off."""

import struct
from pathlib import Path

from simulators.couch.jog import Point
from simulators.slotfile import SlotFile

_LAYOUT = struct.Struct("<ddd")


class CouchMemory:
    """The last position (mm, X Y Z of the controller)."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when the file is in use or damaged."""
        self._file = SlotFile(path, _LAYOUT)
        self.position: Point | None = None
        if self._file.records:
            x, y, z = (float(value) for value in self._file.records[0])
            self.position = (x, y, z)

    def keep(self, position: Point) -> None:
        """The couch stands here now."""
        if position == self.position:
            return
        if self.position is None and not self._file.records:
            self._file.append(*position)
            self._file.records.append(position)
        else:
            self._file.write(0, *position)
        self.position = position

    def close(self) -> None:
        """Release the file; idempotent."""
        self._file.close()
