"""The command sets of C-STORE, as bytes (PS3.7 9.3.1), Implicit VR Little Endian."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001
MEDIUM_PRIORITY, LOW_PRIORITY = 0x0000, 0x0002
DATA_SET_PRESENT, NO_DATA_SET = 0x0001, 0x0101
_GROUP_LENGTH, _COMMAND_FIELD, _DATA_SET_TYPE = 0x0000, 0x0100, 0x0800
_SOP_CLASS, _SOP_INSTANCE, _MESSAGE_ID, _PRIORITY = 0x0002, 0x1000, 0x0110, 0x0700
_REQUEST = [
    _GROUP_LENGTH,
    _SOP_CLASS,
    _COMMAND_FIELD,
    _MESSAGE_ID,
    _PRIORITY,
    _DATA_SET_TYPE,
    _SOP_INSTANCE,
]
"""The elements of a request that no C-MOVE is behind, in their order."""
_ANSWERED_ID, _STATUS = 0x0120, 0x0900
_RESPONSE = [
    _GROUP_LENGTH,
    _SOP_CLASS,
    _COMMAND_FIELD,
    _ANSWERED_ID,
    _DATA_SET_TYPE,
    _STATUS,
    _SOP_INSTANCE,
]
"""The elements of a response without a comment, in their order."""
_HEAD = struct.Struct("<HHL")
_UID = re.compile(rb"([0-9.]{1,64})\0?")


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """What a C-STORE-RQ says (PS3.7 table 9.3-1)."""

    sop_class_uid: str
    sop_instance_uid: str
    message_id: int
    priority: int


def store_command(sop_class_uid: str, sop_instance_uid: str, message_id: int) -> bytes:
    """A C-STORE-RQ (PS3.7 table 9.3-1)."""
    return _command_set(
        _uid(_SOP_CLASS, sop_class_uid),
        _number(_COMMAND_FIELD, C_STORE_RQ),
        _number(_MESSAGE_ID, message_id),
        _number(_PRIORITY, MEDIUM_PRIORITY),
        _number(_DATA_SET_TYPE, DATA_SET_PRESENT),
        _uid(_SOP_INSTANCE, sop_instance_uid),
    )


def read_store_request(command: bytes) -> StoreRequest | None:
    """The request that a command set is; None for any other, and where anything is unusual."""
    values = _values(command, _REQUEST)
    if values is None:
        return None
    group_length, sop_class, *numbers, sop_instance = values
    classed, named = _UID.fullmatch(sop_class), _UID.fullmatch(sop_instance)
    if classed is None or named is None or any(len(number) != 2 for number in numbers):
        return None
    field, message_id, priority, data_set = (int.from_bytes(one, "little") for one in numbers)
    if (
        not _is_whole(command, group_length)
        or field != C_STORE_RQ
        or data_set == NO_DATA_SET
        or priority > LOW_PRIORITY
    ):
        return None
    return StoreRequest(classed[1].decode(), named[1].decode(), message_id, priority)


def read_store_response(command: bytes) -> tuple[int, int] | None:
    """The Message ID and status of a C-STORE-RSP (PS3.7 table 9.3-2).

    None for any other command set, and where anything is unusual.
    """
    values = _values(command, _RESPONSE)
    if values is None:
        return None
    group_length, _sop_class, *numbers, _sop_instance = values
    if any(len(number) != 2 for number in numbers) or not _is_whole(command, group_length):
        return None
    field, message_id, data_set, status = (int.from_bytes(one, "little") for one in numbers)
    return (message_id, status) if (field, data_set) == (C_STORE_RSP, NO_DATA_SET) else None


def _is_whole(command: bytes, group_length: bytes) -> bool:
    return group_length == struct.pack("<L", len(command) - _HEAD.size - 4)


def _values(command: bytes, elements: Sequence[int]) -> list[bytes] | None:
    """Those of the ``elements``; None where there are others."""
    found = []
    at = 0
    for expected in elements:
        if at + _HEAD.size > len(command):
            return None
        group, element, length = _HEAD.unpack_from(command, at)
        at += _HEAD.size
        if group or element != expected or at + length > len(command):
            return None
        found.append(command[at : at + length])
        at += length
    return found if at == len(command) else None


def store_response(
    sop_class_uid: str, sop_instance_uid: str, message_id: int, status: int
) -> bytes:
    """A C-STORE-RSP without comment (PS3.7 table 9.3-2) to the request ``message_id``."""
    return _command_set(
        _uid(_SOP_CLASS, sop_class_uid),
        _number(_COMMAND_FIELD, C_STORE_RSP),
        _number(_ANSWERED_ID, message_id),
        _number(_DATA_SET_TYPE, NO_DATA_SET),
        _number(_STATUS, status),
        _uid(_SOP_INSTANCE, sop_instance_uid),
    )


def _command_set(*elements: bytes) -> bytes:
    joined = b"".join(elements)
    return _element(_GROUP_LENGTH, struct.pack("<L", len(joined))) + joined


def _number(element: int, value: int) -> bytes:
    return _element(element, struct.pack("<H", value))


def _uid(element: int, uid: str) -> bytes:
    return _element(element, uid.encode("ascii") + b"\0" * (len(uid) % 2))


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, element, len(value)) + value
