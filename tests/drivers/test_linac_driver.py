"""What the linac driver says and hears, command by command."""

import asyncio
import zlib
from dataclasses import replace

import numpy as np
import pytest

from drivers.linac import codec as lcp
from drivers.linac import messages as m
from gateway.domain.axes import AxisLayout
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.errors import (
    LocalProtocolError,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
)
from gateway.domain.units import NS_PER_S, frozen
from tests.drivers.linac_bench import COMMANDS, REFUSABLE, Bench, on_bench
from tests.drivers.linac_peer import counter
from tests.drivers.peers import said
from tests.drivers.rooms import REPLY_TIMEOUT_S, ROOM, TOKEN, program


def test_the_machine_introduces_itself() -> None:
    async def scenario(bench: Bench) -> None:
        machine = await bench.driver.connect(bench.observer)
        assert machine.layout == ROOM.machine.layout
        assert (machine.sample_period_s, machine.dead_man_s) == (0.02, 0.25)
        assert bench.peer.requests == [(1, m.Hello(1, "linac-gateway"))]

    on_bench(scenario, connected=False)


def test_a_loaded_program_arrives_whole_and_with_its_crc() -> None:
    async def scenario(bench: Bench) -> None:
        crc = await bench.driver.load(program(rows=2000), TOKEN)
        sent = [request for _, request in bench.peer.requests[1:]]
        *parts, end = sent
        assert crc == end.program_crc32 == zlib.crc32(b"".join(map(lcp.encode_payload, parts)))
        begin = parts[0]
        assert (begin.rows, begin.pieces, begin.token) == (2000, 1999, TOKEN)
        rows = [part for part in parts if isinstance(part, m.LoadControlPoint)]
        assert [row.index for row in rows] == list(range(2000))
        assert rows[-1].meterset == 10_000_000
        assert rows[0].positions.tolist() == [
            round(1000 * value) for value in program().positions[0]
        ]
        pieces = [part for part in parts if isinstance(part, m.LoadProfile)]
        assert [part.index for part in pieces] == [0, 1024]
        times = np.concatenate([part.pieces for part in pieces])[:, 0]
        assert np.array_equal(times, program(rows=2000).profile.time_s)
        numbers = [number for number, _ in bench.peer.requests]
        assert numbers == list(range(1, len(numbers) + 1))

    on_bench(scenario)


def test_samples_and_events_reach_the_observer_in_order() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.stream.say(
            bench.peer.event(MachineState.LOADED) + bench.peer.sample(MachineState.LOADED)
        )
        await asyncio.sleep(0.5)
        bench.peer.stream.say(bench.peer.sample(MachineState.LOADED))
        await bench.settle()
        assert [sample.sequence for sample in bench.observer.samples] == [1, 2]
        first, second = bench.observer.samples
        assert second.received_ns - first.received_ns == NS_PER_S // 2
        assert first.state is MachineState.LOADED
        assert first.interlocks is Interlock.NONE
        assert not first.positions.flags.writeable
        assert [event.code for event in bench.observer.events] == ["LOADED"]

    on_bench(scenario)


@pytest.mark.parametrize("name", REFUSABLE)
def test_a_refusal_is_a_machine_fault(name: str) -> None:
    kind, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.refuse(kind, m.NakCode.INTERLOCKED)
        with pytest.raises(MachineFault) as fault:
            await command(bench)
        assert fault.value.code == "INTERLOCKED"
        await bench.driver.terminate()

    on_bench(scenario)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_an_answer_times_out_and_is_sent_once(name: str) -> None:
    kind, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()
        already = bench.peer.asked(kind)
        bench.peer.answers.pop(kind, None)
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(ReplyTimeout):
            await command(bench)
        waited_s = asyncio.get_running_loop().time() - started_s
        assert waited_s == pytest.approx(REPLY_TIMEOUT_S, abs=1e-6)
        assert bench.peer.asked(kind) == already + 1

    on_bench(scenario)


LATE = {
    m.AskReadBack: m.ReadBackReply(
        MachineState.IDLE, Interlock.NONE, 0, "", (), 0, 0, 0, np.zeros(7, np.int32)
    ),
    m.ReadCounter: counter(m.ReadCounter(TOKEN, 1), 1, known=False),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_late_answer_is_recognised_and_disturbs_nobody(name: str) -> None:
    kind, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[kind] = lambda *_: ()
        with pytest.raises(ReplyTimeout):
            await command(bench)
        number, _ = bench.peer.requests[-1]
        bench.peer.stream.say(said(lcp, number, LATE.get(kind, m.Ack())))
        await bench.settle()
        await bench.driver.heartbeat()
        await bench.settle()
        assert bench.observer.lost == []
        assert bench.peer.asked(m.Heartbeat) == 1

    on_bench(scenario)


def test_a_wrong_kind_of_answer_is_a_protocol_error() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.answers[m.Terminate] = lambda number, _: [
            said(lcp, number, m.Nak(m.NakCode.BAD_STATE, "no"))
        ]
        with pytest.raises(RemoteProtocolError, match="wants Ack"):
            await bench.driver.terminate()

    on_bench(scenario)


def test_the_counter_of_another_beam_is_a_protocol_error() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.answers[m.ReadCounter] = lambda number, asked: [
            said(lcp, number, counter(asked, asked.beam_number + 1, known=True))
        ]
        with pytest.raises(RemoteProtocolError):
            await bench.driver.read_counter(TOKEN, 1)

    on_bench(scenario)


def test_a_beam_that_was_never_loaded_has_no_counter() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.answers[m.ReadCounter] = lambda number, asked: [
            said(lcp, number, counter(asked, asked.beam_number, known=False))
        ]
        assert await bench.driver.read_counter(TOKEN, 1) is None

    on_bench(scenario)


def test_a_machine_that_answers_nothing_any_more_is_given_up() -> None:
    async def scenario(bench: Bench) -> None:
        del bench.peer.answers[m.Hold]
        for _ in range(256):
            with pytest.raises(ReplyTimeout):
                await bench.driver.hold()
        with pytest.raises(LocalProtocolError, match="reconnect"):
            await bench.driver.hold()

    on_bench(scenario)


def test_programs_that_the_wire_cannot_carry_are_refused_here() -> None:
    whole = program()
    nowhere = np.array(whole.positions)
    nowhere[0, 0] = np.nan
    far = np.array(whole.positions)
    far[0, 0] = 3e6
    broken = {
        "another layout": replace(whole, layout=AxisLayout(whole.layout.scalars, ())),
        "one row": replace(whole, positions=whole.positions[:1], meterset_mu=frozen([0.0])),
        "nan": replace(whole, positions=nowhere),
        "beyond 32 bits": replace(whole, positions=far),
        "positions of another shape": replace(whole, positions=whole.positions[:, :-1]),
        "infinite meterset": replace(whole, meterset_mu=frozen([0.0, np.inf])),
        "infinite rate": replace(whole, maximum_dose_rate_mu_per_min=np.inf),
    }

    async def scenario(bench: Bench) -> None:
        for name, wrong in broken.items():
            with pytest.raises(LocalProtocolError):
                await bench.driver.load(wrong, TOKEN)
            assert bench.peer.asked(m.LoadBegin) == 0, name
        with pytest.raises(LocalProtocolError):
            await bench.driver.load(whole, b"short")
        assert bench.observer.lost == []

    on_bench(scenario)
