"""Objects that are made to hurt whoever reads them; small on the wire, or large when read."""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO

import numpy as np
from pydicom import DataElement, Dataset, config, dcmread, dcmwrite
from pydicom.datadict import dictionary_VR

from gateway.dicom.part10 import file_meta
from gateway.dicom.sop_classes import RT_PLAN
from tests.dicom_read.builders import plan_bytes
from tests.hostile.client import padded

MIB = 2**20
LONG_VRS = (b"OB", b"OW", b"SQ", b"UN")
SEQUENCE = struct.Struct("<HH2sxxL")
ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
ENDLESS_ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
SEQUENCE_END = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
UNDEFINED = 0xFFFFFFFF
FRONT_GROUP, BACK_GROUP = 0x0009, 0x3011
PER_GROUP = 60_000

Make = Callable[[str], bytes]


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Explicit VR Little Endian."""
    if vr in LONG_VRS:
        return SEQUENCE.pack(tag >> 16, tag & 0xFFFF, vr, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def identified(uid: str, before: bytes = b"", behind: bytes = b"") -> bytes:
    """What an object is filed under, with bytes between and behind."""
    return (
        element(0x00080016, b"UI", padded(RT_PLAN))
        + element(0x00080018, b"UI", padded(uid))
        + before
        + element(0x0020000D, b"UI", padded("1.2"))
        + element(0x0020000E, b"UI", padded("1.2.1"))
        + behind
    )


def without_values(count: int, group: int) -> bytes:
    """So many elements of 8 bytes, in order, from ``group`` on."""
    numbers = np.arange(count)
    made = np.zeros(count, [("group", "<u2"), ("number", "<u2"), ("vr", "S2"), ("length", "<u2")])
    made["group"] = group + 2 * (numbers // PER_GROUP)
    made["number"] = 0x10 + numbers % PER_GROUP
    made["vr"] = b"LO"
    return made.tobytes()


def empty_items(count: int, group: int) -> bytes:
    """A sequence of so many items without anything in them."""
    return SEQUENCE.pack(group, 0x1001, b"SQ", UNDEFINED) + ITEM * count + SEQUENCE_END


def nested(depth: int) -> bytes:
    """Sequences in sequences, never closed."""
    return (SEQUENCE.pack(0x300A, 0xB0, b"SQ", UNDEFINED) + ENDLESS_ITEM) * depth


def escapes(count: int) -> bytes:
    """So many texts that change their character set at every byte."""
    return b"".join(
        element(0x000A1002 + 2 * number, b"LO", b"\x1b" * 1000) for number in range(count)
    )


def sizes(mib: int) -> Mapping[str, Make]:
    """Objects of about ``mib`` MiB that take much more when they are read."""
    count = mib * MIB // 8
    return {
        "elements in front": lambda uid: identified(uid, without_values(count, FRONT_GROUP)),
        "public elements in front": lambda uid: identified(
            uid, without_values(count, FRONT_GROUP + 1)
        ),
        "items in front": lambda uid: identified(uid, empty_items(count, FRONT_GROUP)),
        "elements behind": lambda uid: identified(uid, behind=without_values(count, BACK_GROUP)),
        "items behind": lambda uid: identified(uid, behind=empty_items(count, BACK_GROUP)),
        "escapes": lambda uid: (
            element(0x00080005, b"CS", b"\\ISO 2022 IR 87 ") + identified(uid, escapes(mib * 1000))
        ),
    }


STRUCTURES: Mapping[str, Make] = {
    "10,000 deep": lambda uid: identified(uid, behind=nested(10_000)),
    "10,000 deep in front": lambda uid: identified(uid, nested(10_000)),
    "4 GiB": lambda uid: identified(
        uid, behind=SEQUENCE.pack(0x7FE0, 0x10, b"OW", 0xFFFFFFFE) + bytes(64)
    ),
    "4 GiB in front": lambda uid: identified(
        uid, SEQUENCE.pack(0x0009, 0x10, b"OB", 0xFFFFFFFE) + bytes(64)
    ),
    "nothing": lambda _: b"",
    "zeros": lambda _: bytes(4096),
    "an item alone": lambda uid: identified(uid, behind=ENDLESS_ITEM * 1000),
}


@cache
def deflate_bomb(uid: str, mib: int) -> bytes:
    """Zeros of so many MiB, a thousand times shorter (PS3.5 A.5)."""
    return _deflated(
        identified(uid, behind=SEQUENCE.pack(0x7FE0, 0x10, b"OW", mib * MIB)), bytes(MIB), mib
    )


@cache
def deflated_elements(uid: str, mib: int) -> bytes:
    """Elements without a value, deflated; together within what may be inflated."""
    return _deflated(identified(uid, behind=without_values(mib * MIB // 8, BACK_GROUP)), b"", 0, 1)


def _deflated(begin: bytes, repeated: bytes, times: int, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    part = packer.compress(repeated) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed + part * times + packer.flush()


def plan(uid: str, change: Callable[[Dataset], object] = lambda _: None) -> bytes:
    """The data set of a plan that could be delivered but for ``change``."""
    dataset = dcmread(BytesIO(plan_bytes("open-field")))
    dataset.SOPInstanceUID = uid
    change(dataset)
    written = BytesIO()
    with config.disable_value_validation():
        dcmwrite(written, dataset)
    content = written.getvalue()
    return content[file_meta(content).offset :]


def set_text(item: Dataset, keyword: str, text: str) -> None:
    """Any text as a value, also where pydicom would have a number: it is written as it is."""
    made = DataElement(keyword, dictionary_VR(keyword), None)
    made._value = text.encode().decode("latin-1")
    item.add(made)
