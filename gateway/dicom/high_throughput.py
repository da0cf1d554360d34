"""Images in High-Throughput JPEG 2000, lossless (PS3.5 8.2.14, ITU-T T.814)."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate

from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN
from gateway.dicom.transcoding import transcoded
from gateway.domain.errors import InputError
from gateway.domain.units import PixelArray

_WORDS = {8: "u1", 16: "<u2"}


@cache
def can_compress() -> bool:
    """Whether the encoder is installed (the extra ``codecs``)."""
    return find_spec("imagecodecs") is not None


def compressed(path: Path) -> Dataset:
    """The image of a file, uncompressed there, with its frames compressed; the UID stays.

    Only for whole unsigned words of one sample, as portal images have: the codestream says how
    many bits there are, which for others is a matter of interpretation. Raises InputError.
    """
    image = transcoded(path, EXPLICIT_VR_LITTLE_ENDIAN)
    allocated = image.get("BitsAllocated")
    whole = allocated in _WORDS and allocated == image.get("BitsStored")
    if not whole or image.get("SamplesPerPixel") != 1 or image.get("PixelRepresentation") != 0:
        raise InputError("only whole unsigned values of one sample are compressed")
    shape = (int(image.get("NumberOfFrames") or 1), int(image.Rows), int(image.Columns))
    pixels: bytes = image.get("PixelData", b"")
    count = int(np.prod(shape))
    if not count or len(pixels) // (allocated // 8) < count:
        raise InputError("the image has fewer pixels than its attributes say")
    values = np.frombuffer(pixels, _WORDS[allocated], count).reshape(shape)
    frames = [encoded_frame(one) for one in values]
    element = image["PixelData"]
    element.VR = "OB"
    element.value = encapsulate(frames)
    element.is_undefined_length = True
    return image


def encoded_frame(values: PixelArray) -> bytes:
    """The codestream of one frame (rows, columns) of unsigned values."""
    from imagecodecs import htj2k_encode  # noqa: PLC0415 - an extra

    return bytes(htj2k_encode(np.ascontiguousarray(values), reversible=True))
