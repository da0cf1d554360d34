"""Whether a deflated data set is larger than it may be, without holding it (PS3.5 A.5)."""

import zlib

from gateway.dicom.encoded_items import Content
from gateway.dicom.part10 import HEAD_BYTES, file_meta
from gateway.dicom.sop_classes import DEFLATED
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, error

_PORTION_BYTES = 2**20


def inflation_findings(content: Content, longest_bytes: int) -> tuple[Finding, ...]:
    """An error where the file's data set inflates to more than ``longest_bytes``.

    Nothing for a file that is not deflated, or is none: that is for validation to say.
    """
    try:
        meta = file_meta(content[:HEAD_BYTES])
        if meta.transfer_syntax_uid == DEFLATED and _is_longer(
            content[meta.offset :], longest_bytes
        ):
            message = f"the data set inflates to more than {longest_bytes} bytes"
            return (error("decode-limit", "", message),)
    except (InputError, zlib.error):
        return ()
    return ()


def _is_longer(deflated: bytes, longest_bytes: int) -> bool:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated, left = 0, deflated
    while left and inflated <= longest_bytes:
        inflated += len(inflater.decompress(left, _PORTION_BYTES))
        left = inflater.unconsumed_tail
    return inflated > longest_bytes
