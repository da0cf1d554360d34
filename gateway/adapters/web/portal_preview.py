"""Portal frames for the eye: smaller, windowed."""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.adapters.report.png import png
from gateway.domain.errors import StoreError
from gateway.domain.units import PixelArray
from gateway.ports.observer import KeptFrame

LIVE_COLUMNS = 320
STILL_COLUMNS = 512
BITS = 16
HEADER = struct.Struct("<HHiII")
"""Rows, columns, beam number, frame number, bits of a pixel; pixels follow row by row."""
_LOW_PERCENT, _HIGH_PERCENT = 1.0, 99.5


def read_frame(frame: KeptFrame) -> PixelArray:
    """The frame's pixels from disk. Raises StoreError where they are gone."""
    count = frame.rows * frame.columns
    try:
        pixels = np.fromfile(frame.path, "<u2", count, offset=frame.offset)
        return pixels.reshape(frame.rows, frame.columns)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"portal frame {frame.number} of beam {frame.beam_number} is gone"
        ) from error


def live_image(frame: KeptFrame) -> tuple[bytes, dict[str, Any]]:
    """The frame as viewers get it, and what goes with it in words. Raises StoreError."""
    pixels = shrunk(read_frame(frame), LIVE_COLUMNS)
    rows, columns = pixels.shape
    low, high = window(pixels)
    words = {
        "beam": frame.beam_number,
        "number": frame.number,
        "rows": rows,
        "columns": columns,
        "low": low,
        "high": high,
        "cu_per_count": frame.cu_per_count,
        "start_meterset_mu": frame.start_meterset_mu,
        "end_meterset_mu": frame.end_meterset_mu,
        "saturated": frame.saturated,
    }
    header = HEADER.pack(rows, columns, frame.beam_number, frame.number, BITS)
    return header + pixels.astype("<u2", copy=False).tobytes(), words


def shrunk(pixels: PixelArray, most_columns: int) -> PixelArray:
    """As :func:`shrunk_values`, in whole counts."""
    return np.round(shrunk_values(pixels, most_columns)).astype(np.uint16)


def shrunk_values(pixels: npt.NDArray[Any], most_columns: int) -> npt.NDArray[Any]:
    """Means of square blocks, so that there are at most so many rows and columns."""
    rows, columns = pixels.shape
    step = max(1, -(-max(rows, columns) // most_columns))
    if step == 1:
        return pixels
    whole = pixels[: rows - rows % step, : columns - columns % step]
    blocks = whole.reshape(whole.shape[0] // step, step, whole.shape[1] // step, step)
    means: npt.NDArray[Any] = blocks.mean(axis=(1, 3))
    return means


def window(pixels: npt.NDArray[Any]) -> tuple[float, float]:
    """Between which values an image shows what is in it."""
    low, high = np.percentile(pixels, (_LOW_PERCENT, _HIGH_PERCENT))
    return float(low), float(max(high, low + 1.0))


def windowed_png(pixels: npt.NDArray[Any], low: float | None, high: float | None) -> bytes:
    """Grey values from black at ``low`` to white at ``high``; by themselves where not given."""
    own_low, own_high = window(pixels)
    black = own_low if low is None else low
    white = own_high if high is None else high
    scale = 255.0 / max(white - black, 1e-9)
    grey = np.clip((pixels.astype(np.float64) - black) * scale, 0.0, 255.0)
    return png(np.round(grey).astype(np.uint8))
