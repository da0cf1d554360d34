"""The upper layer's PDUs as far as a guard has to know them (PS3.8 9.3). No I/O."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

A_ASSOCIATE_RQ, A_ASSOCIATE_RJ, P_DATA_TF, A_RELEASE_RQ, A_RELEASE_RP, A_ABORT = 1, 3, 4, 5, 6, 7
HEADER = struct.Struct(">BxL")
SHORT_BYTES = 4
"""The length of release and abort PDUs, and of a rejection."""
_FIXED = struct.Struct(">H2x16s16s32x")
_ITEM = struct.Struct(">BxH")
_APPLICATION, _PRESENTATION, _USER = 0x10, 0x20, 0x50
_MAXIMUM_LENGTH, _USER_IDENTITY = 0x51, 0x58
_UID_BYTES = 64
_LAST_CONTEXT = 255


class Breach(Exception):
    """What the protocol, or a limit, does not allow; its text is for the log."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A-ASSOCIATE-RJ: result, source and reason (PS3.8 9.3.4), and what it means here."""

    result: int
    source: int
    reason: int
    text: str

    def encoded(self) -> bytes:
        """The PDU."""
        head = HEADER.pack(A_ASSOCIATE_RJ, SHORT_BYTES)
        return head + bytes((0, self.result, self.source, self.reason))


CALLING_AE = Rejection(1, 1, 3, "calling AE title not recognised")
CALLED_AE = Rejection(1, 1, 7, "called AE title not recognised")
NOT_ALLOWED = Rejection(1, 1, 1, "not allowed")
CONGESTION = Rejection(2, 3, 1, "too many associations")
PEER_LIMIT = Rejection(2, 3, 2, "too many associations of this peer")
NO_WORKER = Rejection(2, 3, 1, "no worker answers")
ABORT = HEADER.pack(A_ABORT, SHORT_BYTES) + bytes((0, 0, 2, 0))
"""A-ABORT by the service provider, no reason given."""


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ as it was checked."""

    called_ae: str
    calling_ae: str
    contexts: tuple[int, ...]
    maximum_length: int
    user_identity: bool


def associate_request(body: bytes) -> AssociateRequest:
    """The request of a PDU's body. Raises Breach unless every length in it adds up."""
    if len(body) < _FIXED.size:
        raise Breach("an A-ASSOCIATE-RQ that is cut off")
    version, called, calling = _FIXED.unpack_from(body)
    if not version & 1:
        raise Breach(f"protocol version {version:#06x}")
    contexts: list[int] = []
    application = 0
    maximum, identity = 0, False
    for kind, value in _items(body[_FIXED.size :]):
        if kind == _APPLICATION:
            application += 1
        elif kind == _PRESENTATION:
            contexts.append(_context(value))
        elif kind == _USER:
            maximum, identity = _user_information(value)
        else:
            raise Breach(f"an item of type {kind:02X} in an A-ASSOCIATE-RQ")
    if application != 1 or not contexts or len(set(contexts)) != len(contexts):
        raise Breach("an A-ASSOCIATE-RQ without its application context or presentation contexts")
    return AssociateRequest(_title(called), _title(calling), tuple(contexts), maximum, identity)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        if len(data) - at < _ITEM.size:
            raise Breach("an item that is cut off")
        kind, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        if len(data) - at < length:
            raise Breach(f"an item of type {kind:02X} that is longer than what holds it")
        yield kind, data[at : at + length]
        at += length


def _context(value: bytes) -> int:
    if len(value) < 4:
        raise Breach("a presentation context that is cut off")
    number = value[0]
    if not number % 2:
        raise Breach(f"presentation context {number}: its number is even")
    for _kind, uid in _items(value[4:]):
        if not 0 < len(uid) <= _UID_BYTES:
            raise Breach(f"presentation context {number}: a syntax of {len(uid)} bytes")
    return number


def _user_information(value: bytes) -> tuple[int, bool]:
    maximum, identity = 0, False
    for kind, content in _items(value):
        if kind == _MAXIMUM_LENGTH:
            if len(content) != 4:
                raise Breach("a maximum length that is none")
            maximum = int.from_bytes(content, "big")
        elif kind == _USER_IDENTITY:
            identity = True
    return maximum, identity


def _title(raw: bytes) -> str:
    try:
        title = raw.decode("ascii").strip(" ")
    except UnicodeDecodeError:
        raise Breach("an AE title that is not of the default repertoire") from None
    if not title.isprintable() or "\\" in title or not title:
        raise Breach("an AE title that is none")
    return title
