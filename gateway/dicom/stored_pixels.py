"""The stored values of an image's frames, one frame in memory at a time (PS3.5 8)."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder

from gateway.dicom.codestreams import declared_size
from gateway.dicom.compressed_frames import DECODING_ERRORS
from gateway.dicom.encoded import EncodedObject
from gateway.dicom.encoded_items import Content, Element
from gateway.dicom.item import Item
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import COMPRESSED, DEFLATED
from gateway.domain.errors import InputError
from gateway.domain.units import FloatArray

LARGEST_FRAME_PIXELS = 2**24
"""More than any panel has: 4096 x 4096."""
GREATEST_EXPANSION = 1000
"""A compressed frame that says to be more times its own size is not decoded."""
_BITS = (8, 16, 32)
StoredArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How pixels are stored, as the attributes say (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    signed: bool

    @property
    def frame_bytes(self) -> int:
        """What one frame takes, uncompressed."""
        return self.rows * self.columns * self.bits_allocated // 8

    @property
    def top(self) -> int:
        """The largest value that is stored."""
        return int(2 ** (self.bits_stored - self.signed)) - 1


def pixel_format(item: Item) -> PixelFormat:
    """What the attributes say. Raises InputError for what cannot be the pixels of an image."""
    rows, columns = _whole(item, "Rows"), _whole(item, "Columns")
    frames = item.integer("NumberOfFrames")
    samples = _whole(item, "SamplesPerPixel")
    allocated, stored = _whole(item, "BitsAllocated"), _whole(item, "BitsStored")
    if item.notes.findings:
        found = item.notes.findings[0]
        raise InputError(f"{found.path}: {found.message}")
    frames = 1 if frames is None else frames
    if samples != 1:
        raise InputError(f"SamplesPerPixel {samples}: a portal image has one")
    if not rows or not columns or frames < 1:
        raise InputError(f"{frames} frames of {rows} rows and {columns} columns are no image")
    if rows * columns > LARGEST_FRAME_PIXELS:
        raise InputError(f"{rows} rows of {columns} are more than any panel has")
    if allocated not in _BITS or not 1 <= stored <= allocated:
        raise InputError(f"BitsStored {stored} of BitsAllocated {allocated} are not read")
    if item.has("HighBit") and _whole(item, "HighBit") != stored - 1:
        raise InputError(f"HighBit {_whole(item, 'HighBit')} does not go with BitsStored {stored}")
    signed = item.has("PixelRepresentation") and _whole(item, "PixelRepresentation") == 1
    return PixelFormat(rows, columns, frames, allocated, stored, signed)


def _whole(item: Item, keyword: str) -> int:
    element = item.element(keyword)
    if element is None:
        raise InputError(f"{keyword} is missing")
    if len(element.values) != 1 or not isinstance(element.values[0], int):
        raise InputError(f"{keyword}: one whole number of 16 bits is wanted")
    return int(element.values[0])


class StoredPixels:
    """The frames of one object; raises InputError where they are not as the attributes say."""

    def __init__(self, content: Content, encoded: EncodedObject, form: PixelFormat) -> None:
        element = encoded.dataset.element("PixelData")
        if element is None:
            raise InputError("PixelData is missing")
        self.form = form
        self._element = element
        self._content = content
        self._dataset: Dataset | None = None
        syntax = encoded.transfer_syntax_uid
        self._syntax = syntax if syntax in COMPRESSED and syntax != DEFLATED else ""
        if self._syntax:
            self._refuse_expansion(element.size)
        else:
            self._refuse_another_length(element)

    def frame(self, index: int) -> FloatArray:
        """The stored values (rows, columns) of a frame, counted from 0."""
        form = self.form
        if self._syntax:
            return self._decoded(index)
        order = ">" if self._element.big_endian else "<"
        kind = f"{order}{'i' if form.signed else 'u'}{form.bits_allocated // 8}"
        start = index * form.frame_bytes
        values = np.frombuffer(self._element.part(start, start + form.frame_bytes), kind)
        return self._meaningful(values).reshape(form.rows, form.columns).astype(np.float64)

    def _meaningful(self, values: StoredArray) -> StoredArray:
        """Without the bits above those stored, which may be anything (PS3.5 8.1.1)."""
        unused = self.form.bits_allocated - self.form.bits_stored
        if not unused:
            return values
        native = values.astype(values.dtype.newbyteorder("="))
        return (native << unused) >> unused

    def _refuse_another_length(self, element: Element) -> None:
        form = self.form
        wanted = form.frames * form.frame_bytes
        if element.size != wanted + wanted % 2:
            raise InputError(
                f"PixelData has {element.size} bytes; {form.frames} frames of {form.rows} rows, "
                f"{form.columns} columns and {form.bits_allocated} bits take {wanted}"
            )

    def _refuse_expansion(self, encoded_bytes: int) -> None:
        form = self.form
        if form.frames * form.frame_bytes > GREATEST_EXPANSION * encoded_bytes:
            raise InputError(
                f"{encoded_bytes} compressed bytes say to be {form.frames} frames of {form.rows} "
                f"rows and {form.columns} columns: they are not decoded"
            )

    def _compressed(self) -> Dataset:
        """The object, read and looked over with the first frame that is asked for."""
        if self._dataset is None:
            dataset = dcmread(BytesIO(self._content))
            frames = generate_frames(dataset.PixelData, number_of_frames=self.form.frames)
            sizes = {declared_size(frame) for frame in frames}
            if sizes - {None, (self.form.rows, self.form.columns)}:
                raise InputError("PixelData has frames of another size than Rows and Columns")
            self._dataset = dataset
        return self._dataset

    def _decoded(self, index: int) -> FloatArray:
        decoder = get_decoder(self._syntax)
        if not decoder.is_available:
            raise InputError(f"nothing installed here decodes {COMPRESSED[self._syntax]}")
        shape = (self.form.rows, self.form.columns)
        try:
            with quietly():
                warnings.simplefilter("error", UserWarning)
                pixels, _ = decoder.as_array(self._compressed(), index=index, raw=True)
        except DECODING_ERRORS as problem:
            raise InputError("PixelData is damaged: a frame cannot be decoded") from problem
        if pixels.shape != shape:
            raise InputError(f"PixelData decodes to {pixels.shape}, not {shape}")
        return np.asarray(pixels, np.float64)
