"""Binary frames spelled out part by part: (field, struct code or one of PACK, value)."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

TOKEN = bytes(range(16))
OTHER_TOKEN = b"\xff" * 16
I32_MAX, I64_MAX, U16_MAX, U32_MAX, U64_MAX = 2**31 - 1, 2**63 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1
LONGEST = "x" * 255

Vector = dict[str, Any]
Part = tuple[str, str, Any]


def text(value: str) -> bytes:
    raw = value.encode()
    return bytes([len(raw)]) + raw


def image(rows: list[list[int]]) -> bytes:
    flat = [pixel for row in rows for pixel in row]
    return struct.pack(f"<HH{len(flat)}H", len(rows), len(rows[0]), *flat)


PACK: dict[str, Callable[[Any], bytes]] = {
    "text": text,
    "texts": lambda value: bytes([len(value)]) + b"".join(map(text, value)),
    "bytes": bytes,
    "positions": lambda value: struct.pack(f"<H{len(value)}i", len(value), *value),
    "pieces": lambda value: (
        struct.pack("<H", len(value)) + b"".join(struct.pack("<4d", *row) for row in value)
    ),
    "codes": lambda value: bytes([len(value), *value]),
    "mlcs": lambda value: bytes([len(value)]) + b"".join(struct.pack("<BH", *row) for row in value),
    "image": image,
}
"""How a part is packed, by its code; any other code is struct's own."""


def pack(code: str, value: Any) -> bytes:
    return PACK[code](value) if code in PACK else struct.pack("<" + code, value)


def framed(magic: bytes, kind: int, sequence: int, payload: bytes) -> bytes:
    head = magic + struct.pack("<BBII", 1, kind, sequence, len(payload))
    return head + payload + struct.pack("<I", zlib.crc32((head + payload)[2:]))


def frame(
    magic: bytes, sender: str, kind: int, name: str, sequence: int, note: str, *parts: Part
) -> Vector:
    payload = b"".join(pack(code, value) for _, code, value in parts)
    fields = {name: value.hex() if isinstance(value, bytes) else value for name, _, value in parts}
    return {
        "type": name,
        "sender": sender,
        "note": note,
        "sequence": sequence,
        "fields": fields,
        "hex": framed(magic, kind, sequence, payload).hex(),
    }
