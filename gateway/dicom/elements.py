"""Values as DICOM wants them: decimal strings, dates, texts of bounded length."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from pydicom.valuerep import format_number_as_ds

from gateway.domain.units import NS_PER_S

MEASURED_DECIMALS = 3
"""Telemetry counts thousandths of mm and degree: measured positions are written no finer."""


def ds(value: float) -> str:
    """A Decimal String of at most 16 characters. Raises ValueError unless it is finite."""
    return format_number_as_ds(float(value) + 0.0)


def ds_list(values: Iterable[float]) -> list[str]:
    """One Decimal String per value."""
    return [ds(value) for value in values]


def wrapped(angle_deg: float) -> float:
    """An angle brought to [0, 360) degree."""
    return angle_deg % 360.0


def measured_angle(angle_deg: float) -> float:
    """A measured angle in [0, 360) degree at the resolution of telemetry."""
    return round(angle_deg, MEASURED_DECIMALS) % 360.0


def clipped(text: str, length: int) -> str:
    """``text`` on one line, cut to ``length`` characters, without the backslash DICOM splits at."""
    return " ".join(text.replace("\\", "/").split())[:length].rstrip()


def term(text: str) -> str:
    """``text`` as a Code String: upper case, digits, blanks and underscores, 16 at most."""
    return re.sub(r"[^A-Z0-9_ ]", "_", text.upper())[:16].strip()


def paragraph(text: str, length: int) -> str:
    """``text`` cut to ``length`` characters, for the text types that keep lines."""
    return text[:length].rstrip()


def _utc(time_ns: int) -> datetime:
    seconds, rest = divmod(time_ns, NS_PER_S)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def date(time_ns: int) -> str:
    """DA of nanoseconds since the epoch, UTC."""
    return _utc(time_ns).strftime("%Y%m%d")


def time(time_ns: int) -> str:
    """TM of nanoseconds since the epoch, UTC, with microseconds."""
    return _utc(time_ns).strftime("%H%M%S.%f")


def date_time(time_ns: int) -> str:
    """DT of nanoseconds since the epoch, with the offset of UTC."""
    return _utc(time_ns).strftime("%Y%m%d%H%M%S.%f+0000")
