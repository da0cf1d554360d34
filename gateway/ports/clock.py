"""Wall time for what is dated; never for control."""

from typing import Protocol


class WallClock(Protocol):
    """Stamps records and DICOM dates."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        ...
