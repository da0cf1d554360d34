"""Faults of links, and rooms that cannot be made."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.domain.errors import ConfigError
from simulators.linac import messages as m
from simulators.serve import simulated_room
from tests.simulators.builders import (
    machine,
    room,
    sliding_beam,
)
from tests.simulators.clients import (
    ACK,
    TELEMETRY,
    ImagerClient,
    LinacClient,
)
from tests.simulators.scenes import Connect, play

MODEL = machine()


def test_lost_link_stays_lost_and_the_beam_stops(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            for _ in range(100):
                if linac.ended:
                    break
                await linac.beat()
                await asyncio.sleep(0.1)
            assert linac.ended == "closed"
        async with LinacClient(connect("linac")) as again:
            await asyncio.sleep(0.1)
            assert again.ended == "closed"

    play(tmp_path, scene, "lost-link:at_mu=5")
    truth = json.loads((tmp_path / "bench.ground-truth.json").read_text())["faults"][0]
    assert truth["injected"]
    assert truth["at_mu"] == pytest.approx(5.0, abs=0.2)


@pytest.mark.parametrize(
    ("fault", "acted"),
    [
        ("leaf-offset:leaf=3", True),
        ("leaf-offset:leaf=999", False),
        ("leaf-offset:beam=99", False),
        ("stuck-leaf:bank=Y1", False),
        ("stuck-leaf:from_cp=99", False),
        ("door-open:at_mu=1000000.0", False),
        ("dropped-frame", False),
    ],
)
def test_a_fault_that_did_nothing_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str, *, acted: bool
) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            for _ in range(100):
                await linac.beat()
                await asyncio.sleep(0.1)

    play(tmp_path, scene, fault)
    told = [message for message in caplog.messages if fault in message]
    assert len(told) == (0 if acted else 1)


def test_stale_telemetry_leaves_the_link_up(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        async with LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            for _ in range(20):
                await linac.beat()
                await asyncio.sleep(0.1)
            seen = len(linac.of(TELEMETRY))
            await linac.beat()
            assert (await linac.ask(m.Hold())).type == ACK
            assert linac.codes()[-1] == "OPERATOR_HOLD"
            await asyncio.sleep(1.0)
            assert len(linac.of(TELEMETRY)) == seen
            assert linac.ended == ""

    play(tmp_path, scene, "stale-telemetry:at_mu=5")


@pytest.mark.parametrize("device", ["linac", "imager"])
def test_garbage_bytes_break_the_link(tmp_path: Path, device: str) -> None:
    async def scene(connect: Connect) -> None:
        async with (
            LinacClient(connect("linac")) as linac,
            ImagerClient(connect("imager")) as imager,
        ):
            await linac.hello()
            await imager.hello()
            await linac.start(sliding_beam(MODEL))
            await linac.tell(m.Heartbeat())
            for _ in range(20):
                await linac.beat()
                await asyncio.sleep(0.1)
            ended = {"linac": linac.ended, "imager": imager.ended}
            assert ended[device].startswith("garbage")

    play(tmp_path, scene, f"garbage-bytes:link={device},at_mu=1")


def test_a_fault_that_does_not_exist_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no fault 'x'"):
        simulated_room(room(), seed=1, faults=["x"], state_dir=tmp_path)
    simulated_room(room(), seed=1, faults=[], state_dir=tmp_path).close()


def test_state_that_is_in_use_is_a_configuration_error(tmp_path: Path) -> None:
    one = simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
    with pytest.raises(ConfigError, match="in use"):
        simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
    simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path).close()
    one.close()
    one.close()


def test_a_device_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        made = simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path)
        with pytest.raises(ValueError, match="'door' is none of linac, couch, imager"):
            await made.serve("door", connect("linac"))
        made.close()

    play(tmp_path, scene)
