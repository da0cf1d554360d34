"""What a process counts, in a small file that the process that is scraped reads."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

STALE_S = 10.0


class ReportFile:
    """Written whole or not at all; a copy that is older than STALE_S is of a process that hangs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_name(f".{path.name}.new")

    def write(self, values: Mapping[str, float]) -> None:
        """Replace what is there. Raises OSError."""
        text = json.dumps({"at_s": time.time(), "pid": os.getpid(), "values": dict(values)})
        self._aside.write_text(text, encoding="utf-8")
        self._aside.replace(self._path)

    def read(self) -> Mapping[str, float] | None:
        """The newest values; None where there are none, or none that are fresh."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            fresh = abs(time.time() - found["at_s"]) <= STALE_S
            values = {str(name): float(value) for name, value in found["values"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return values if fresh else None
