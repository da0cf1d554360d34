"""The bytes of a trajectory log, little-endian (see docs/formats/machine-logs.md)."""

import struct

SIGNATURE = b"VOSTL"
HEADER_BYTES = 1024
TEXT = struct.Struct("<16s16s")
FIXED = struct.Struct("<3i")
TAIL = struct.Struct("<5i")
CHECKSUM = struct.Struct("<H")
SUB_BEAM = struct.Struct("<iffi")
RESERVED_BYTES = 32
VERSIONS = ("2.0", "2.1", "2.2", "3.0", "4.0", "5.0")
MOST_AXES = 64
MOST_SAMPLES = 1024
MOST_SUB_BEAMS = 1024


def name_bytes(version: str) -> int:
    """How long the name of a sub-beam is: longer since version 3."""
    return 512 if float(version) >= 3 else 32
