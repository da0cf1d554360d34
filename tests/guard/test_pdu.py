"""The guard's reading of the upper layer: strict, and the same however the bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.guard.inspector import Inspector
from gateway.adapters.guard.pdu import Breach, associate_request
from tests.guard.wire import IDENTITY, RELEASE, associate_body, data, item, pdu


def test_a_request_is_read() -> None:
    request = associate_request(associate_body(contexts=(1, 3), extra=IDENTITY))
    assert (request.called_ae, request.calling_ae) == ("LINAC", "PEER")
    assert (request.contexts, request.maximum_length) == ((1, 3), 16384)
    assert request.user_identity


@pytest.mark.parametrize(
    "body",
    [
        b"",
        associate_body()[:-1],
        associate_body() + b"\x20",
        associate_body(contexts=(2,)),
        associate_body(contexts=()),
        associate_body(contexts=(1, 1)),
        associate_body(calling=""),
        associate_body(calling="A\\B"),
        associate_body(extra=item(0x51, b"\0")),
        associate_body() + item(0x99, b"x"),
        b"\0\0" + associate_body()[2:],
    ],
)
def test_a_request_that_does_not_add_up_is_a_breach(body: bytes) -> None:
    with pytest.raises(Breach):
        associate_request(body)


@given(st.binary(max_size=400))
def test_noise_is_a_breach_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(Breach):
        associate_request(noise)


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_changed_byte_never_does_more_than_breach(place: int, value: int) -> None:
    body = bytearray(associate_body(contexts=(1, 3, 5)))
    body[place % len(body)] = value
    try:
        associate_request(bytes(body))
    except Breach:
        return


STREAM = (
    data(1, 3, b"c" * 40)
    + data(1, 0, b"d" * 1000)
    + data(1, 2, b"d" * 10)
    + pdu(4, b"".join(data(1, control, b"x" * 7)[6:] for control in (1, 3, 0, 2)))
    + RELEASE
)


def inspector(message_bytes: int = 10_000) -> Inspector:
    return Inspector((1, 3), 2_000, message_bytes)


@given(st.lists(st.integers(1, 300), max_size=30))
def test_portions_make_no_difference(portions: list[int]) -> None:
    judge, at = inspector(), 0
    for size in [*portions, len(STREAM)]:
        judge.feed(memoryview(STREAM)[at : at + size])
        at += size
    assert judge.complete
    assert (judge.pdus, judge.message_bytes) == (5, 0)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (pdu(1, bytes(68)), "type 01"),
        (pdu(9, bytes(4)), "type 09"),
        (pdu(5, bytes(5)), "5 bytes"),
        (b"\x04\0\xff\xff\xff\xff", "4294967295 bytes"),
        (data(2, 0, b"x"), "context 2"),
        (data(5, 0, b"x"), "context 5"),
        (pdu(4, b"\0\0\0\x09\x01\0xx"), "longer than its PDU"),
        (pdu(4, b"\0\0\0\x01\x01\0"), "longer than its PDU"),
        (pdu(4, data(1, 0, b"abc")[6:] + b"\0\0"), "fragment's head"),
    ],
)
def test_what_is_not_allowed_is_a_breach_at_once(stream: bytes, why: str) -> None:
    with pytest.raises(Breach, match=why):
        inspector().feed(memoryview(stream))


def test_fragments_without_end_are_a_breach() -> None:
    judge, fed = inspector(message_bytes=50_000), 0
    fragment = memoryview(data(1, 0, bytes(1_000)))
    with pytest.raises(Breach, match="more than 50000 bytes"):  # noqa: PT012 - the one that breaks
        while fed < 10**7:
            judge.feed(fragment)
            fed += 1_000
    assert fed <= 51_000


@given(st.binary(max_size=300))
def test_noise_in_an_association_never_does_more_than_breach(noise: bytes) -> None:
    judge = inspector()
    try:
        judge.feed(memoryview(STREAM[:60] + noise))
    except Breach:
        return
