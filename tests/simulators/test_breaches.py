"""Bytes that break the protocol end the link for good."""

import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import RemoteProtocolError
from simulators.wire import lcp, pfp


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (0, 0x4D, "starts with"),
        (1, 0x44, "starts with"),
        (2, 0x02, "starts with"),
        (3, 0x7F, "CRC"),
        (4, 0x55, "CRC"),
        (11, 0x7F, "at most"),
        (12, 0x55, "CRC"),
        (-1, 0x55, "CRC"),
    ],
)
def test_a_wrong_byte_breaks_the_link_for_good(at: int, value: int, why: str) -> None:
    data = bytearray(lcp.encode_frame(b"LC", 0x08, 1, b"\x01\x02\x03\x04"))
    good = bytes(data)
    data[at] = value
    decoder = lcp.RequestDecoder()
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(bytes(data)))
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(good))


@pytest.mark.parametrize(
    ("kind", "payload", "why"),
    [
        (0x08, b"\x01\x02\x03", "too short"),
        (0x08, b"\x01\x02\x03\x04\x05", "too long"),
        (0x02, b"\x00", "too long"),
        (0x01, b"\x01\x00\x05ab", "too short"),
        (0x01, b"\x01\x00\x02\xc3\x28", "UTF-8"),
        (0x0F, b"", "no message 0F"),
        (0x81, b"", "no message 81"),
    ],
)
def test_a_payload_that_does_not_fit_breaks_the_link(kind: int, payload: bytes, why: str) -> None:
    decoder = lcp.RequestDecoder()
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(lcp.encode_frame(b"LC", kind, 1, payload)))


def test_axes_have_the_codes_of_the_page() -> None:
    assert lcp.AXIS_CODES[Axis.GANTRY] == 1
    assert lcp.AXIS_CODES[Axis.Y2] == 12
    assert Axis.COUCH_LATERAL not in lcp.AXIS_CODES


def test_a_kind_of_acquisition_that_does_not_exist_breaks_the_link() -> None:
    data = pfp.encode_frame(b"PF", 0x02, 1, b"\x01\x00\x02\x00\x00\x00\x00")
    with pytest.raises(RemoteProtocolError, match="kind"):
        list(pfp.RequestDecoder().feed(data))
