"""Every saboteur misbehaves as it says, and a sound room does not."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gateway import timeloop
from gateway.ports.stream import ByteStream
from simulators.linac import messages as m
from simulators.linac.states import State
from simulators.parts import Parts
from simulators.saboteurs import SABOTEURS, SaboteurSpec
from tests.simulators.builders import (
    TOKEN,
    machine,
    room,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)
from tests.simulators.clients import ACK, TELEMETRY, ImagerClient, LinacClient, living

MODEL = machine()
SOUND = SaboteurSpec("room", "nothing is wrong", Parts())
Connect = Callable[[str], ByteStream]
Probe = Callable[[Connect], Awaitable[bool]]


def on_linac(scene: Callable[[LinacClient], Awaitable[bool]]) -> Probe:
    async def probe(connect: Connect) -> bool:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            return await scene(linac)

    return probe


def times(linac: LinacClient) -> list[int]:
    return [struct.unpack_from("<Q", frame.payload)[0] for frame in linac.of(TELEMETRY)]


def metersets(linac: LinacClient) -> list[int]:
    return [struct.unpack_from("<q", frame.payload, 18)[0] for frame in linac.of(TELEMETRY)]


async def beat(linac: LinacClient, seconds: float) -> State:
    """Keep the beam alive for a while; the last state that was shown."""
    for _ in range(round(seconds / 0.1)):
        await linac.beat()
        await asyncio.sleep(0.1)
    return linac.state(linac.of(TELEMETRY)[-1])


async def goes_on_after(linac: LinacClient, command: m.Command) -> bool:
    await linac.start(sliding_beam(MODEL))
    await linac.ask(command)
    before = metersets(linac)[-1]
    await beat(linac, 1.0)
    return metersets(linac)[-1] - before > 1_000_000


async def beams_in_loaded(linac: LinacClient) -> bool:
    commands = static_beam(MODEL)
    await linac.load(commands)
    end = commands[-1]
    assert isinstance(end, m.LoadEnd)
    return (await linac.ask(m.BeamOn(end.crc32))).type == ACK


async def beams_unasked(linac: LinacClient) -> bool:
    await linac.load(static_beam(MODEL))
    await linac.ask(m.Prepare())
    await beat(linac, 5.0)
    return "BEAM_ON" in linac.codes()


async def forgets_dose(linac: LinacClient) -> bool:
    await linac.start(static_beam(MODEL))
    await linac.wait_for(State.COMPLETE)
    counter = await linac.ask(m.AskCounter(TOKEN, 1))
    return bool(struct.unpack_from("<q", counter.payload, 27)[0] < 1_900_000)


async def lives_without_heartbeat(linac: LinacClient) -> bool:
    await linac.start(sliding_beam(MODEL))
    await asyncio.sleep(2.0)
    return "DEAD_MAN" not in linac.codes()


async def goes_back(linac: LinacClient, column: Callable[[LinacClient], list[int]]) -> bool:
    await linac.start(sliding_beam(MODEL))
    await beat(linac, 2.0)
    return any(b < a for a, b in pairwise(column(linac)))


async def takes_a_gantry_out_of_range(linac: LinacClient) -> bool:
    table = rows(MODEL, 2, gantry=np.full(2, 200.0))
    beam = upload(table, np.array([0.0, 1.0]), steady_pieces(2, 0.2), 0.2)
    return (await linac.load(beam)).type == ACK


async def takes_a_beam_twice(linac: LinacClient) -> bool:
    await linac.start(static_beam(MODEL))
    await linac.wait_for(State.COMPLETE)
    return (await linac.load(static_beam(MODEL))).type == ACK


async def babbles(linac: LinacClient) -> bool:
    await asyncio.sleep(3.0)
    return linac.ended.startswith("garbage")


async def is_silent(linac: LinacClient) -> bool:
    await linac.tell(m.Terminate())
    await asyncio.sleep(1.0)
    return not linac.of(ACK)


async def loses_samples(linac: LinacClient) -> bool:
    await asyncio.sleep(2.0)
    return any(b.sequence != a.sequence + 1 for a, b in pairwise(linac.of(TELEMETRY)))


async def goes_stale(linac: LinacClient) -> bool:
    await linac.start(sliding_beam(MODEL))
    await beat(linac, 1.0)
    now_ns = asyncio.get_running_loop().time() * 1e9
    return times(linac)[-1] < now_ns - 300_000_000


async def answers_heartbeats(linac: LinacClient) -> bool:
    await linac.beat()
    await asyncio.sleep(0.1)
    return bool(linac.of(ACK))


def on_couch(*said: bytes, wait_s: float, misbehaves: Callable[[bytes], bool]) -> Probe:
    async def probe(connect: Connect) -> bool:
        couch = connect("couch")
        heard = b""

        async def listen() -> None:
            nonlocal heard
            while data := await couch.receive():
                heard += data

        listener = asyncio.create_task(listen())
        for line in said:
            await couch.send(line)
            await asyncio.sleep(wait_s)
        await couch.aclose()
        listener.cancel()
        await asyncio.wait([listener])
        return misbehaves(heard)

    return probe


def on_imager(misbehaves: Callable[[ImagerClient, int | None], bool]) -> Probe:
    async def probe(connect: Connect) -> bool:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            try:
                await imager.start(1)
                await linac.start(static_beam(MODEL))
                await linac.wait_for(State.COMPLETE)
                return misbehaves(imager, await imager.finish())
            except AssertionError:
                return misbehaves(imager, None)

    return probe


def beam_number(imager: ImagerClient) -> int:
    return int(struct.unpack_from("<H", imager.of(0x85)[0].payload, 1)[0])


JOG = b"$J=G90 X100 F1200\n"
PROBES: dict[str, Probe] = {
    "ignores-terminate": on_linac(lambda linac: goes_on_after(linac, m.Terminate())),
    "ignores-hold": on_linac(lambda linac: goes_on_after(linac, m.Hold())),
    "beam-on-without-prepare": on_linac(beams_in_loaded),
    "beams-by-itself": on_linac(beams_unasked),
    "counter-resets": on_linac(forgets_dose),
    "dead-man-disabled": on_linac(lives_without_heartbeat),
    "meterset-backwards": on_linac(lambda linac: goes_back(linac, metersets)),
    "clock-backwards": on_linac(lambda linac: goes_back(linac, times)),
    "accepts-out-of-limit": on_linac(takes_a_gantry_out_of_range),
    "repeats-beam": on_linac(takes_a_beam_twice),
    "sends-garbage": on_linac(babbles),
    "never-answers": on_linac(is_silent),
    "sequence-gaps": on_linac(loses_samples),
    "telemetry-stops": on_linac(goes_stale),
    "answers-heartbeats": on_linac(answers_heartbeats),
    "couch-ignores-stop": on_couch(
        JOG, b"\x85", b"?", wait_s=1.0, misbehaves=lambda heard: b"<Jog" in heard
    ),
    "couch-lies-idle": on_couch(JOG, b"?", wait_s=0.5, misbehaves=lambda heard: b"<Idle" in heard),
    "couch-leaves-travel": on_couch(
        b"$J=G90 X400 F6000\n",
        b"?",
        wait_s=20.0,
        misbehaves=lambda heard: b"MPos:400.000" in heard,
    ),
    "couch-sends-garbage": on_couch(b"?", wait_s=0.1, misbehaves=lambda heard: not heard.isascii()),
    "couch-never-answers": on_couch(b"?", JOG, wait_s=0.1, misbehaves=lambda heard: not heard),
    "imager-loses-frames": on_imager(
        lambda imager, count: count is not None and count != len(imager.of(0x85)) == 0
    ),
    "imager-wrong-count": on_imager(
        lambda imager, count: count is not None and count > len(imager.of(0x85)) > 0
    ),
    "imager-wrong-beam": on_imager(
        lambda imager, count: count == 1 == len(imager.of(0x85)) and beam_number(imager) != 1
    ),
    "imager-never-answers": on_imager(
        lambda imager, count: count is None and not imager.of(ACK) and not imager.ended
    ),
    "imager-sends-garbage": on_imager(lambda imager, _: imager.ended.startswith("garbage")),
}


def misbehaves(spec: SaboteurSpec, probe: Probe, folder: Path) -> bool:
    async def main() -> bool:
        made = spec.build(room(), seed=1, state_dir=folder)
        async with living(made) as connect:
            return await probe(connect)

    return timeloop.run(main(), None)


def test_every_saboteur_has_its_probe() -> None:
    assert PROBES.keys() == SABOTEURS.keys()


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_misbehaves_and_a_sound_room_does_not(tmp_path: Path, name: str) -> None:
    assert not misbehaves(SOUND, PROBES[name], tmp_path / "sound")
    assert misbehaves(SABOTEURS[name], PROBES[name], tmp_path / "saboteur")


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_says_what_it_is(name: str) -> None:
    spec = SABOTEURS[name]
    assert spec.device in ("linac", "couch", "imager")
    assert spec.summary.endswith(".")
    assert (name.split("-", maxsplit=1)[0] if spec.device != "linac" else "linac") == spec.device
