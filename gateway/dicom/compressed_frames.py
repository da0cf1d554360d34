"""Whether compressed frames decode to what their attributes say (PS3.5 8.2, A.4)."""

import warnings
from collections.abc import Iterator
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder

from gateway.dicom.codestreams import declared_size
from gateway.dicom.encoded_items import Content
from gateway.dicom.part10 import HEAD_BYTES, file_meta
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import COMPRESSED, DEFLATED
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, Severity, error

CLAUSE = "PS3.5 8.2"
PIXEL_DATA = "PixelData"
DECODING_ERRORS = (*READING_ERRORS, RuntimeError, UserWarning)
"""Decoders fail with RuntimeError, or warn that they left something out."""


def frame_findings(content: Content, longest_frame_pixels: int) -> tuple[Finding, ...]:
    """What decoding every frame of a DICOM file shows, one frame in memory at a time.

    Nothing for an object that is not compressed. A frame that says to be larger than
    ``longest_frame_pixels`` is not decoded.
    """
    syntax = _compression(content)
    if not syntax:
        return ()
    try:
        with quietly():
            warnings.simplefilter("error", UserWarning)
            return tuple(_findings(dcmread(BytesIO(content)), syntax, longest_frame_pixels))
    except DECODING_ERRORS:
        return (_wrong("damaged, or not of the size or number that the attributes say"),)


def _compression(content: Content) -> str:
    """The transfer syntax, where it compresses frames."""
    try:
        syntax = file_meta(content[:HEAD_BYTES]).transfer_syntax_uid
    except InputError:
        return ""
    return syntax if syntax in COMPRESSED and syntax != DEFLATED else ""


def _findings(dataset: Dataset, syntax: str, longest_frame_pixels: int) -> Iterator[Finding]:
    if PIXEL_DATA not in dataset:
        return
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows * columns * int(dataset.get("SamplesPerPixel", 1)) > longest_frame_pixels:
        message = f"{rows} rows of {columns}, at most {longest_frame_pixels} pixels are decoded"
        yield error("decode-limit", PIXEL_DATA, message)
        return
    decoder = get_decoder(syntax)
    if not decoder.is_available:
        message = f"not decoded: nothing installed here decodes {COMPRESSED[syntax]}"
        yield Finding(Severity.INFO, "frames-not-decoded", PIXEL_DATA, message, CLAUSE)
        return
    wanted = int(dataset.get("NumberOfFrames") or 1)
    sizes = {declared_size(frame) for frame in _encoded(dataset, wanted)}
    if sizes - {None, (rows, columns)}:
        yield _wrong("frames of another size than the attributes say")
        return
    found = sum(1 for _ in decoder.iter_buffer(dataset))
    if found != wanted:
        yield _wrong(f"{found} frames, where {wanted} are due")


def _encoded(dataset: Dataset, frames: int) -> Iterator[bytes]:
    yield from generate_frames(dataset[PIXEL_DATA].value, number_of_frames=frames)


def _wrong(message: str) -> Finding:
    return Finding(Severity.ERROR, "frames", PIXEL_DATA, message, CLAUSE)
