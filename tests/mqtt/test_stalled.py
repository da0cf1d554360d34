"""A broker that accepts and never reads holds nothing up, and is left."""

import asyncio
from pathlib import Path

from gateway.adapters.mqtt.connection import SEND_BUFFER_BYTES
from gateway.adapters.mqtt.publisher import Pace
from gateway.adapters.mqtt.state import WAITING_SAMPLES
from tests.mqtt.fake_broker import CONNECT, SUBSCRIBE, fake_broker, publish_packet
from tests.mqtt.scene import TOPICS, live_sample, telling
from tests.node_service.waiting import until

MANY = 20_000
AT_LEAST_BYTES = 4_000
"""A sample of a machine with 60 pairs of leaves, as it is told."""


async def test_what_a_broker_does_not_read_is_dropped_and_counted(tmp_path: Path) -> None:
    """20 000 samples (400 s) are taken at once; what is kept of them is bounded."""
    async with fake_broker() as (broker, port):
        broker.reads = False
        patient = Pace(patience_s=60.0, farewell_s=0.1)
        async with telling(tmp_path, port, pace=patient) as scene:
            await broker.stalled.wait()
            await until(lambda: scene.publisher.counts.connected)
            for number in range(MANY):
                scene.now.note(live_sample(number))
                if number % 5 == 4:
                    await asyncio.sleep(0)
            assert scene.now.samples == MANY
            taken = MANY - scene.now.dropped
            in_kernel = 8 * SEND_BUFFER_BYTES / AT_LEAST_BYTES  # both ends, with overhead
            assert taken <= WAITING_SAMPLES + in_kernel + 1


async def test_it_is_noticed_and_left_for_a_fresh_connection(tmp_path: Path) -> None:
    async with fake_broker() as (broker, port):
        broker.reads = False
        hasty = Pace(patience_s=0.2, proof_period_s=0.05, pause_s=lambda _: 0.02)
        async with telling(tmp_path, port, pace=hasty) as scene:
            scene.append("beam-on", beam=1)
            await until(lambda: scene.publisher.counts.failures >= 3)
            broker.reads = True
            broker.packets.clear()
            await scene.acknowledged(1)
        assert broker.connections >= 4


async def test_one_that_never_welcomes_is_left_too(tmp_path: Path) -> None:
    held: list[asyncio.StreamWriter] = []

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hasty = Pace(patience_s=0.1, pause_s=lambda _: 0.02)
    async with telling(tmp_path, port, pace=hasty) as scene:
        await until(lambda: scene.publisher.counts.failures >= 2)
    for writer in held:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


async def test_nothing_that_comes_in_has_any_effect(tmp_path: Path) -> None:
    """It subscribes to nothing; what a broker sends all the same is thrown away."""
    async with fake_broker() as (broker, port):
        for command in ("deliver", "hold", "resume", "abort"):
            wrong = publish_packet(f"{TOPICS.base}/{command}"[-80:], b'{"do":"' + command.encode())
            broker.unwanted += wrong * 1_000
        async with telling(tmp_path, port) as scene:
            scene.append("beam-on", beam=1)
            await scene.acknowledged(1)
            assert scene.publisher.counts.failures == 0
            assert not scene.now.connected
        assert broker.packets[CONNECT] == 1
        assert SUBSCRIBE not in broker.packets
