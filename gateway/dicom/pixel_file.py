"""A DICOM file whose pixels are appended frame by frame, so that they are in memory once."""

import struct
from io import BytesIO

import numpy as np
from pydicom import Dataset

from gateway.dicom.common_modules import file_bytes
from gateway.domain.units import PixelArray

_PIXEL_DATA = struct.Struct("<HH2sHI")
"""Tag (7FE0,0010), value representation, two reserved bytes, length (PS3.5 7.1.2)."""


class PixelFile:
    """Takes an image dataset without Pixel Data, then each frame once, then gives the file.

    Pixels are 16 bit, little endian. The dataset must have no attribute after Pixel Data.
    """

    def __init__(self, dataset: Dataset) -> None:
        frames = int(dataset.get("NumberOfFrames", 1))
        self._missing = 2 * dataset.Rows * dataset.Columns * frames
        self._file = BytesIO()
        self._file.write(file_bytes(dataset))
        self._file.write(_PIXEL_DATA.pack(0x7FE0, 0x0010, b"OW", 0, self._missing))

    def add(self, pixels: PixelArray) -> None:
        """Append one frame (rows, columns)."""
        content = np.ascontiguousarray(pixels, dtype="<u2")
        self._missing -= content.nbytes
        self._file.write(content.data.cast("B"))

    def content(self) -> bytes:
        """The whole file. Raises ValueError unless every frame has been added."""
        if self._missing:
            raise ValueError(f"{self._missing} bytes of pixels are missing from the image")
        return self._file.getvalue()
