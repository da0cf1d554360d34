"""MQTT on the loopback interface, with mosquitto: round trip of an event, delay of a sample."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho

from gateway.adapters.mqtt.connection import Broker, LastWill, connected
from tests.bench.figure import Better, Figure
from tests.mqtt.mosquitto import Mosquitto
from tests.mqtt.scene import FakeRecord, live_sample, telling

ROUNDS = 2_000
EVENT = b'{"v":1}' + b" " * 500
SAMPLES, PERIOD_S = 500, 0.02
GOAL_MS = 1.0
"""The goal for the median round trip; without TCP_NODELAY it is 44 ms."""


def mqtt_figures(folder: Path) -> Iterator[Figure]:
    """Skipped by name where mosquitto is not installed."""
    try:
        broker = Mosquitto(folder / "mosquitto")
    except BaseException as absent:  # noqa: BLE001 - pytest's own, which is no Exception
        sys.stderr.write(f"skipped: {absent}\n")
        return
    broker.start()
    try:
        yield from _round_trip(broker.port)
        yield from _delay(broker.port, folder / "cursor")
    finally:
        broker.stop()


def _round_trip(port: int) -> Iterator[Figure]:
    took_ms = np.array(asyncio.run(_published(port))) * 1e3
    context = {"p99_ms": float(np.percentile(took_ms, 99)), "rounds": ROUNDS}
    median_ms = float(np.median(took_ms))
    name = "MQTT QoS 1 round trip to mosquitto, median"
    yield Figure(name, median_ms, "ms", Better.LOWER, GOAL_MS, context)


async def _published(port: int) -> list[float]:
    took_s = []
    will = LastWill("bench/availability", b"")
    async with connected(Broker("127.0.0.1", port), will, 10.0) as connection:
        for _ in range(ROUNDS):
            began_s = time.perf_counter()
            await connection.publish("bench/event", EVENT, qos=1)
            took_s.append(time.perf_counter() - began_s)
    return took_s


def _delay(port: int, folder: Path) -> Iterator[Figure]:
    """From the message of the feed to the subscriber's callback, one clock for both."""
    heard_s: list[float] = []
    all_heard = threading.Event()

    def hear(*_: object) -> None:
        heard_s.append(time.perf_counter())
        if len(heard_s) == SAMPLES:
            all_heard.set()

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.subscribe("linac/v1/site/bench/telemetry")
    client.loop_start()
    try:
        told_s = asyncio.run(_told(port, folder, all_heard))
    finally:
        client.disconnect()
        client.loop_stop()
    if len(heard_s) != len(told_s):
        raise RuntimeError(f"{len(told_s) - len(heard_s)} samples were lost")
    delay_ms = (np.array(heard_s) - np.array(told_s)) * 1e3
    for percent in (50, 99):
        yield Figure(
            f"delay of a 50 Hz sample to an MQTT subscriber, p{percent}",
            float(np.percentile(delay_ms, percent)),
            "ms",
            Better.LOWER,
            None,
            {"samples": SAMPLES},
        )


async def _told(port: int, folder: Path, all_heard: threading.Event) -> list[float]:
    told_s = []
    record = FakeRecord()
    async with telling(folder, port, record=record) as scene:
        record.append("beam-on", beam=1)
        await scene.acknowledged(1)
        for number in range(SAMPLES):
            told_s.append(time.perf_counter())
            scene.now.note(live_sample(number))
            await asyncio.sleep(PERIOD_S)
        await asyncio.to_thread(all_heard.wait, 10.0)
    return told_s
