"""The command sets of C-STORE, as bytes (PS3.7 9.3.1), Implicit VR Little Endian."""

import struct

C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001
MEDIUM_PRIORITY = 0x0000
DATA_SET_PRESENT, NO_DATA_SET = 0x0001, 0x0101


def store_command(sop_class_uid: str, sop_instance_uid: str, message_id: int) -> bytes:
    """A C-STORE-RQ (PS3.7 table 9.3-1)."""
    return _command_set(
        _uid(0x0002, sop_class_uid),
        _number(0x0100, C_STORE_RQ),
        _number(0x0110, message_id),
        _number(0x0700, MEDIUM_PRIORITY),
        _number(0x0800, DATA_SET_PRESENT),
        _uid(0x1000, sop_instance_uid),
    )


def store_response(
    sop_class_uid: str, sop_instance_uid: str, message_id: int, status: int
) -> bytes:
    """A C-STORE-RSP without comment (PS3.7 table 9.3-2) to the request ``message_id``."""
    return _command_set(
        _uid(0x0002, sop_class_uid),
        _number(0x0100, C_STORE_RSP),
        _number(0x0120, message_id),
        _number(0x0800, NO_DATA_SET),
        _number(0x0900, status),
        _uid(0x1000, sop_instance_uid),
    )


def _command_set(*elements: bytes) -> bytes:
    joined = b"".join(elements)
    return _element(0x0000, struct.pack("<L", len(joined))) + joined


def _number(element: int, value: int) -> bytes:
    return _element(element, struct.pack("<H", value))


def _uid(element: int, uid: str) -> bytes:
    return _element(element, uid.encode("ascii") + b"\0" * (len(uid) % 2))


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, element, len(value)) + value
