"""What the protocol pages forbid ends a decoder at once, for good and without allocation."""

import re
import struct
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.framing import FrameFormat
from gateway.domain.errors import RemoteProtocolError
from tests.drivers.vectors import Vector
from tests.drivers.wires import WIRES, Wire, drained

BINARY = WIRES[:2]
GRBL = WIRES[2]
FRAMES = [
    pytest.param(wire, vector, id=f"{wire}: {vector}")
    for wire in BINARY
    for vector in wire.received
]
LENGTH = range(8, 12)
FORMATS = {"lcp1": FrameFormat(b"LC", 1, 65_536), "pfp1": FrameFormat(b"PF", 1, 16_777_216)}


def refused(wire: Wire, data: bytes) -> str:
    """The complaint about ``data``, after which the decoder must stay dead."""
    decoder = wire.decoder()
    with pytest.raises(RemoteProtocolError) as first:
        drained(decoder, data)
    for later in (b"", wire.received[0].wire):
        with pytest.raises(RemoteProtocolError, match=f"^{re.escape(str(first.value))}$"):
            decoder.feed(later)
    return str(first.value)


def framed(wire: Wire, kind: int, payload: bytes, length: int | None = None) -> bytes:
    form = FORMATS[wire.name]
    size = len(payload) if length is None else length
    head = form.magic + struct.pack("<BBII", form.version, kind, 0, size)
    return head + payload + struct.pack("<I", zlib.crc32((head + payload)[2:]))


@pytest.mark.parametrize(("wire", "vector"), FRAMES)
def test_no_single_wrong_byte_passes(wire: Wire, vector: Vector) -> None:
    """A flipped bit is refused; one in the length once the bytes it announces have come."""
    for place in range(len(vector.wire)):
        broken = bytearray(vector.wire)
        broken[place] ^= 0x80 if place == LENGTH[-1] else 0x01
        if place in LENGTH:
            broken += bytes(2**16 + 256)
        with pytest.raises(RemoteProtocolError):
            drained(wire.decoder(), bytes(broken))


@pytest.mark.parametrize(("wire", "vector"), FRAMES)
def test_every_truncated_payload_is_refused(wire: Wire, vector: Vector) -> None:
    kind, payload = vector.wire[3], vector.wire[12:-4]
    for size in range(len(payload)):
        assert refused(wire, framed(wire, kind, payload[:size]))


@pytest.mark.parametrize(("wire", "vector"), FRAMES)
def test_a_payload_with_more_than_its_type_has_is_refused(wire: Wire, vector: Vector) -> None:
    kind, payload = vector.wire[3], vector.wire[12:-4]
    assert refused(wire, framed(wire, kind, payload + b"\0"))


@pytest.mark.parametrize("wire", BINARY, ids=str)
def test_a_truncated_frame_is_waited_for(wire: Wire) -> None:
    whole = wire.received[0].wire
    for size in range(len(whole)):
        assert drained(wire.decoder(), whole[:size]) == []


@pytest.mark.parametrize("wire", BINARY, ids=str)
def test_an_unknown_type_is_refused_by_its_header_alone(wire: Wire) -> None:
    known = {vector.wire[3] for vector in wire.received}
    for kind in set(range(256)) - known:
        assert "type" in refused(wire, framed(wire, kind, b"")[:12])


@pytest.mark.parametrize("wire", BINARY, ids=str)
@pytest.mark.parametrize("excess", [1, 2**31, 2**32 - 1])
def test_a_length_bomb_is_refused_by_its_header_alone(wire: Wire, excess: int) -> None:
    length = min(FORMATS[wire.name].maximum_payload + excess, 2**32 - 1)
    header = framed(wire, wire.received[0].wire[3], b"", length)[:12]
    tracemalloc.start()
    try:
        assert "length" in refused(wire, header)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The smallest bomb announces 64 KiB; a decoder, its error and its traceback stay below.
    assert peak < 60_000


@pytest.mark.parametrize("wire", BINARY, ids=str)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_wrong_beginning_is_refused_by_its_first_wrong_byte(wire: Wire, place: int) -> None:
    begun = bytearray(wire.received[0].wire[: place + 1])
    begun[place] ^= 0xFF
    assert "begins" in refused(wire, bytes(begun))


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_what_stands_before_a_breach_is_still_received(wire: Wire) -> None:
    good = wire.received[0].wire
    decoder = wire.decoder()
    assert len(decoder.feed(good + good + b"\xff\xff\xff\xff")) == 2
    with pytest.raises(RemoteProtocolError):
        decoder.feed(b"")


@given(garbage=st.binary(min_size=1, max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
@settings(deadline=None)
@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_portions_never_change_the_outcome(wire: Wire, garbage: bytes, cuts: list[int]) -> None:
    data = wire.received[0].wire + garbage
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    portions = [data[start:end] for start, end in pairwise(places)]
    assert outcome(wire, portions) == outcome(wire, [data])


def outcome(wire: Wire, portions: list[bytes]) -> tuple[int, bool]:
    decoder, count = wire.decoder(), 0
    try:
        for portion in portions:
            data = portion
            while arrived := decoder.feed(data):
                data = b""
                count += len(arrived)
    except RemoteProtocolError:
        return count, True
    return count, False


@pytest.mark.parametrize(
    "line",
    [
        b"x" * 128 + b"\r\n",
        b"x" * 129,
        b"x" * 127 + b"\ry",
        b"ok\n",
        b"o\rk\r\n",
        b"o\xffk\r\n",
        b"\x00",
        b"OK\r\n",
        b"okay\r\n",
        b"error:\r\n",
        b"error:x\r\n",
        b"ALARM:1234\r\n",
        b"[MSG\r\n",
        b"<Idle>\r\n",
        b"<Idle|FS:0,0>\r\n",
        b"<Idle|MPos:0.000,0.000|FS:0,0>\r\n",
        b"<Idle|MPos:0.000,0.000,0.000,0.000>\r\n",
        b"<Idle|MPos:0.00,0.000,0.000>\r\n",
        b"<Idle|MPos:nan,0.000,0.000>\r\n",
        b"<Idle|MPos:1e3,0.000,0.000>\r\n",
        b"<Idle|MPos:0.000,0.000,0.000|MPos:1.000,0.000,0.000>\r\n",
        b"<Idle|MPos:0.000,0.000,0.000|WPos:1.000,0.000,0.000>\r\n",
        b"<Idle|MPos:0.000,0.000,0.000|WCO:0,0,0>\r\n",
        b"<Asleep|MPos:0.000,0.000,0.000>\r\n",
        b"<Hold:7|MPos:0.000,0.000,0.000>\r\n",
        b"<Idle|MPos:0.000,0.000,0.000\r\n",
        b"<Idle|MPos:0.000,0.000,0.000><Idle|MPos:0.000,0.000,0.000>\r\n",
    ],
)
def test_serial_noise_is_refused(line: bytes) -> None:
    assert refused(GRBL, line)


def test_the_longest_line_passes() -> None:
    line = b"[MSG:" + b"x" * 121 + b"]\r\n"
    assert len(drained(GRBL.decoder(), line)) == 1
