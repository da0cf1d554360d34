"""What every byte stream does, whatever carries it."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ports.stream import ByteStream
from tests.streams.exchange import BOUND_S, over, pattern, received, turns
from tests.streams.rigs import RIGS, Rig


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
        await turns(2000)
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
            await turns(number % 3)
            sending = asyncio.create_task(far.send(bytes([number])))
            await turns(number % 4)
            waiting.cancel()
            await asyncio.wait((waiting, sending))
            got = b"" if waiting.cancelled() else waiting.result()
            assert got + await received(near, 1 - len(got)) == bytes([number])


@over(RIGS)
async def test_a_cancelled_send_cuts_no_frame(rig: Rig) -> None:
    data = pattern(rig.capacity)
    async with rig.pair() as (near, far):
        sending = asyncio.create_task(near.send(data))
        await turns(50)
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
        await turns(50)
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


async def _offer_while_taken(stream: ByteStream) -> None:
    while True:
        await asyncio.sleep(0)
        if not stream.offer(b"anybody?"):
            return
