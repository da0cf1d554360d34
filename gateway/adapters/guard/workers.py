"""The workers' sockets, and how many associations each has."""

from collections.abc import Container, Iterable
from pathlib import Path


class Workers:
    """Spreads associations over workers."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._load = dict.fromkeys(paths, 0)

    def take(self, without: Container[Path] = ()) -> Path | None:
        """The worker with the fewest associations, which has one more now; None for none left."""
        left = [path for path in self._load if path not in without]
        if not left:
            return None
        path = min(left, key=self._load.__getitem__)
        self._load[path] += 1
        return path

    def leave(self, path: Path) -> None:
        """An association of that worker has ended."""
        self._load[path] -= 1
