"""How every byte stream ends, at either side, whatever carries it."""

import asyncio

import pytest

from gateway.adapters.streams import tcp
from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream
from tests.streams.exchange import BOUND_S, over, pattern, received, turns
from tests.streams.rigs import RIGS, Rig, pseudo_terminal


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
        await turns(3)
        await far.aclose()
        await asyncio.wait((waiting,), timeout=BOUND_S)
        assert waiting.done()
        assert waiting.result() == b"" if rig.has_eof else _is_lost(waiting)


async def test_a_line_stays_up_when_a_program_leaves() -> None:
    async with pseudo_terminal() as (near, far):
        waiting = asyncio.create_task(near.receive())
        await turns(3)
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
        await turns(50)
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
        await turns(50)
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
        await turns(2000)
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
