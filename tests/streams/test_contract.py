"""What every byte stream does, whatever carries it."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.streams import tcp
from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream
from tests.streams.rigs import RIGS, Rig, pseudo_terminal

BOUND_S = 10.0
"""Far above what any step takes on a busy machine: only a hang reaches it."""


def over(rigs: Sequence[Rig]) -> pytest.MarkDecorator:
    """Run a test over each of ``rigs``."""
    return pytest.mark.parametrize("rig", rigs, ids=[rig.name for rig in rigs])


async def received(stream: ByteStream, size: int) -> bytes:
    """Exactly ``size`` bytes: none is received beyond."""
    data = bytearray()
    async with asyncio.timeout(BOUND_S):
        while len(data) < size:
            portion = await stream.receive()
            assert portion, "the stream ended"
            data += portion
    assert len(data) == size
    return bytes(data)


def pattern(size: int) -> bytes:
    """Bytes that show a portion that is missing or misplaced: no buffer's size is a multiple."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@over(RIGS)
async def test_bytes_come_as_they_were_sent_both_ways(rig: Rig) -> None:
    everything = bytes(range(256))
    async with rig.pair() as (near, far):
        for one, other in ((near, far), (far, near)):
            await one.send(everything[:100])
            await one.send(b"")
            await one.send(everything[100:])
            assert await received(other, 256) == everything


@over(RIGS)
@settings(max_examples=10, deadline=None)
@given(portions=st.lists(st.binary(max_size=3000), max_size=8))
def test_only_the_bytes_count_not_how_they_were_portioned(rig: Rig, portions: list[bytes]) -> None:
    async def scenario() -> None:
        async with rig.pair() as (near, far), asyncio.TaskGroup() as group:
            group.create_task(_send_all(far, portions))
            whole = b"".join(portions)
            assert await received(near, len(whole)) == whole

    with asyncio.Runner() as runner:
        runner.run(scenario())


async def _send_all(stream: ByteStream, portions: list[bytes]) -> None:
    for portion in portions:
        await stream.send(portion)


@over(RIGS)
async def test_more_than_fits_in_between_waits_and_arrives_whole(rig: Rig) -> None:
    data = pattern(rig.capacity)
    async with rig.pair() as (near, far):
        sending = asyncio.create_task(near.send(data))
        await _turns(2000)
        assert not sending.done(), "nobody received, and yet it was sent"
        assert await received(far, len(data)) == data
        await sending


@over(RIGS)
async def test_sends_at_once_come_one_after_the_other(rig: Rig) -> None:
    size = rig.capacity // 3
    portions = [letter * size for letter in (b"a", b"b", b"c")]
    async with rig.pair() as (near, far), asyncio.TaskGroup() as group:
        for portion in portions:
            group.create_task(near.send(portion))
        assert await received(far, 3 * size) == b"".join(portions)


@over(RIGS)
async def test_a_cancelled_receive_loses_nothing(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        for number in range(20):
            waiting = asyncio.create_task(near.receive())
            await _turns(number % 3)
            sending = asyncio.create_task(far.send(bytes([number])))
            await _turns(number % 4)
            waiting.cancel()
            await asyncio.wait((waiting, sending))
            got = b"" if waiting.cancelled() else waiting.result()
            assert got + await received(near, 1 - len(got)) == bytes([number])


@over(RIGS)
async def test_a_cancelled_send_cuts_no_frame(rig: Rig) -> None:
    data = pattern(rig.capacity)
    async with rig.pair() as (near, far):
        sending = asyncio.create_task(near.send(data))
        await _turns(50)
        sending.cancel()
        await asyncio.wait((sending,))
        assert sending.cancelled()
        async with asyncio.TaskGroup() as group:
            group.create_task(near.send(b"next"))
            assert await received(far, len(data) + 4) == data + b"next"


@over(RIGS)
async def test_what_is_offered_arrives_whole_and_in_order_or_not_at_all(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        expected = b""
        for number in range(100):
            portion = pattern(number)
            if number % 3 == 0 or not near.offer(portion):
                await near.send(portion)
            expected += portion
            if len(expected) > 1000:
                assert await received(far, len(expected)) == expected
                expected = b""


@over(RIGS)
async def test_an_offer_is_declined_where_nobody_receives(rig: Rig) -> None:
    portion = pattern(1000)
    async with rig.pair() as (near, far):
        taken = 0
        while near.offer(portion):
            taken += 1
            assert taken * len(portion) <= rig.capacity, "it takes more than it can hold"
        assert await received(far, taken * len(portion)) == portion * taken


@over(RIGS)
async def test_an_offer_does_not_overtake_what_is_being_sent(rig: Rig) -> None:
    data = pattern(rig.capacity)
    async with rig.pair() as (near, far):
        sending = asyncio.create_task(near.send(data))
        await _turns(50)
        assert not near.offer(b"in front")
        assert await received(far, len(data)) == data
        await sending


@over([rig for rig in RIGS if rig.has_eof])
async def test_a_stream_that_is_free_takes_an_offer(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        assert near.offer(b"telemetry")
        assert await received(far, 9) == b"telemetry"


@over(RIGS)
async def test_a_closed_stream_takes_no_offer(rig: Rig) -> None:
    async with rig.pair() as (near, _):
        await near.aclose()
        assert not near.offer(b"x")
        assert not near.offer(b"")


@over([rig for rig in RIGS if rig.tells_end])
async def test_offering_to_a_side_that_left_is_declined_soon(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        await far.aclose()
        async with asyncio.timeout(BOUND_S):
            await _offer_while_taken(near)


@over([rig for rig in RIGS if rig.has_eof])
async def test_what_was_sent_before_the_end_is_received(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        await far.send(b"last words")
        await far.aclose()
        assert await received(near, 10) == b"last words"
        assert await near.receive() == b""
        assert await near.receive() == b""


@over([rig for rig in RIGS if rig.tells_end])
async def test_a_waiting_receive_is_told_that_the_other_side_closed(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        waiting = asyncio.create_task(near.receive())
        await _turns(3)
        await far.aclose()
        await asyncio.wait((waiting,), timeout=BOUND_S)
        assert waiting.done()
        assert waiting.result() == b"" if rig.has_eof else _is_lost(waiting)


async def test_a_line_stays_up_when_a_program_leaves() -> None:
    async with pseudo_terminal() as (near, far):
        waiting = asyncio.create_task(near.receive())
        await _turns(3)
        await far.aclose()
        await near.send(b"for whoever comes next")
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait((waiting,))


@over([rig for rig in RIGS if rig.tells_end])
async def test_sending_to_a_side_that_left_is_lost_soon(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        await far.aclose()
        sending = asyncio.create_task(_send_for_ever(near))
        await asyncio.wait((sending,), timeout=BOUND_S)
        assert sending.done()
        assert _is_lost(sending)


@over([rig for rig in RIGS if rig.tells_end])
async def test_a_side_that_leaves_while_bytes_wait_does_not_hold_the_sender(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        sending = asyncio.create_task(near.send(pattern(rig.capacity)))
        await _turns(50)
        await far.aclose()
        await asyncio.wait((sending,), timeout=BOUND_S)
        assert sending.done()
        assert _is_lost(sending)


@over(RIGS)
async def test_closing_is_idempotent_and_final(rig: Rig) -> None:
    async with rig.pair() as (near, far):
        await far.send(b"never received")
        async with asyncio.timeout(BOUND_S):
            await near.aclose()
            await near.aclose()
        for call in (near.receive, near.receive):
            with pytest.raises(LinkLost):
                await call()
        for data in (b"x", b""):
            with pytest.raises(LinkLost):
                await near.send(data)


@over(RIGS)
async def test_closing_twice_at_once(rig: Rig) -> None:
    async with rig.pair() as (near, _), asyncio.timeout(BOUND_S):
        await asyncio.gather(near.aclose(), near.aclose())


@over(RIGS)
async def test_whoever_waits_on_a_stream_that_is_closed_here_is_told(rig: Rig) -> None:
    async with rig.pair() as (near, _):
        receiving = asyncio.create_task(near.receive())
        sending = asyncio.create_task(near.send(pattern(rig.capacity)))
        await _turns(50)
        await near.aclose()
        await asyncio.wait((receiving, sending), timeout=BOUND_S)
        assert receiving.done()
        assert _is_lost(receiving)
        assert sending.done()


@over(RIGS)
async def test_closing_does_not_wait_for_a_side_that_does_not_listen(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "FLUSH_S", 0.05)
    async with rig.pair() as (near, _):
        sending = asyncio.create_task(near.send(pattern(rig.capacity)))
        await _turns(2000)
        assert not sending.done()
        async with asyncio.timeout(BOUND_S):
            await near.aclose()
        await asyncio.wait((sending,))


@over(RIGS)
async def test_closing_that_is_cancelled_has_closed(rig: Rig) -> None:
    async with rig.pair() as (near, _):
        closing = asyncio.create_task(near.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait((closing,))
        with pytest.raises(LinkLost):
            await near.send(b"x")


def _is_lost(task: "asyncio.Task[object]") -> bool:
    return isinstance(task.exception(), LinkLost)


async def _send_for_ever(stream: ByteStream) -> None:
    while True:
        await stream.send(b"anybody?")
        await asyncio.sleep(0)


async def _offer_while_taken(stream: ByteStream) -> None:
    while True:
        await asyncio.sleep(0)
        if not stream.offer(b"anybody?"):
            return


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)
