"""Fifty viewers, ten of whom never read, and a broker that never reads: a beam goes its way."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.adapters.store import open_reader
from gateway.adapters.store.folders import delivery_folder
from gateway.delivery.beam_end import telemetry_file
from gateway.formats.telemetry_parquet import read_telemetry
from tests.e2e.deliveries import generated
from tests.mqtt.fake_broker import fake_broker
from tests.node_service.serving import free_port, site_with_node
from tests.web.crowd import Reader, readers, stalled
from tests.web.memory import forget_peak, peak_bytes, process_of
from tests.web.operating import operated

ROOM = "truebeam-m120"
READERS, STALLED = 40, 10
BEAM, FRAMES_PER_S = 1, 10.0
SHORT_MU = 25.0
"""Two and a half seconds of beam."""
MEBIBYTE = 2**20
MOST_GROWTH = {
    "gateway.app.web.web_process": 24 * MEBIBYTE,
    "gateway.app.mqtt.mqtt_process": 16 * MEBIBYTE,
    "gateway.app.node.room_process": 64 * MEBIBYTE,
}
"""While the beam is on. A viewer who does not read costs one text and one image, 0.2 MiB, and as
much again on its way; a queue for each of ten would have 50 MiB after 2.5 s. The broker's
process keeps 200 samples of 4 kB. The room's keeps what it has measured and a few frames of 2.7 MiB
that are being written, and nothing for those who watch."""


@dataclass(frozen=True)
class Watched:
    """What was seen of a delivery."""

    delivery_id: str
    detail: Mapping[str, Any]
    store: Path
    viewers: list[Reader]
    metrics: Mapping[str, float]


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = generated(tmp_path, "open-field")
    dataset = pydicom.dcmread(path)
    dataset.FractionGroupSequence[0].ReferencedBeamSequence[0].BeamMeterset = SHORT_MU
    dataset.save_as(path)
    return path


@pytest.fixture
def arc(tmp_path: Path) -> Path:
    return generated(tmp_path, "vmat")


async def test_a_beam_before_fifty_viewers_and_a_broker_that_never_reads(
    tmp_path: Path, short: Path
) -> None:
    watched = await _watched(tmp_path, short)
    await asyncio.to_thread(_require_whole, watched)
    _require_seen(watched)


@pytest.mark.soak
async def test_an_arc_before_fifty_viewers_and_a_broker_that_never_reads(
    tmp_path: Path, arc: Path
) -> None:
    watched = await _watched(tmp_path, arc)
    await asyncio.to_thread(_require_whole, watched)
    _require_seen(watched)
    assert watched.metrics["mqtt_telemetry_dropped_total"] > 1_000
    assert watched.metrics["mqtt_failures_total"] >= 1  # left for a fresh connection, in vain


async def _watched(folder: Path, plan: Path) -> Watched:
    async with AsyncExitStack() as stack:
        broker, port = await stack.enter_async_context(fake_broker())
        broker.reads = False
        settings = site_with_node(folder, ROOM, free_port())
        _with_one_worker(folder / "site" / "nodes" / "test.toml")
        with settings.open("a") as file:
            file.write(f'[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\nsite = "test"\n')
        room = await stack.enter_async_context(operated(folder, settings, ROOM))
        await stack.enter_async_context(stalled(room.port, STALLED))
        viewers = await stack.enter_async_context(readers(room.port, READERS))
        item = await room.armed(plan, [BEAM], FRAMES_PER_S)
        await broker.stalled.wait()
        await room.begun(item)
        await _require_bounded(room.service.process.pid, viewers[0])
        delivery_id = await room.delivered(item)
        for viewer in viewers:
            await viewer.until(lambda told: told["state"]["phase"] == "idle")
        detail = await room.get(f"/deliveries/{delivery_id}")
        metrics = _metrics((await room.client.get("/metrics")).text)
    return Watched(delivery_id, detail, folder / "store", viewers, metrics)


def _with_one_worker(node: Path) -> None:
    """The DICOM node has no part in this, and is to be started quickly."""
    node.write_text(node.read_text().replace("[limits]", "[limits]\nworkers = 1"))


async def _require_bounded(service: int, viewer: Reader) -> None:
    """What the processes take more from when the beam is on until it is off."""
    await viewer.until(lambda told: told["state"]["phase"] == "beam on" and told["image"])
    pids = {name: process_of(service, name) for name in MOST_GROWTH}
    before = {name: forget_peak(pid) for name, pid in pids.items()}
    await viewer.until(lambda told: told["state"]["phase"] != "beam on")
    grown = {name: peak_bytes(pid) - before[name] for name, pid in pids.items()}
    assert {name: size for name, size in grown.items() if size > MOST_GROWTH[name]} == {}


def _metrics(text: str) -> Mapping[str, float]:
    """Every value by its name and the watcher that it is of, if any."""
    return {
        one.name.removeprefix("linac_gateway_") + one.labels.get("watcher", ""): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def _require_whole(watched: Watched) -> None:
    """The record has every sample that the machine sent, and nothing went wrong."""
    assert (watched.detail["state"], watched.detail["verdict"]) == ("complete", "pass")
    with closing(open_reader(watched.store)) as store:
        events = list(store.events(watched.delivery_id))
    assert not {event.kind for event in events} & {"incident", "hold", "terminate"}
    (end,) = [event.body for event in events if event.kind == "beam-end"]
    assert (end["termination_status"], end["interlocks"]) == ("NORMAL", [])
    assert end["lost_samples"] == 0
    file = delivery_folder(watched.store, watched.delivery_id) / telemetry_file(BEAM)
    telemetry = read_telemetry(file.read_bytes())
    assert telemetry.sequence.size == end["samples"]
    assert set(np.diff(telemetry.sequence).tolist()) == {1}


def _require_seen(watched: Watched) -> None:
    """Everyone who reads saw the beam to its end, in order; what nobody took was counted."""
    (beam,) = watched.detail["beams"]
    for viewer in watched.viewers:
        assert viewer.in_order
        assert viewer.last["state"]["last_delivery_id"] == watched.delivery_id
        assert viewer.farthest_mu == pytest.approx(beam["end_mu"], abs=0.01)
        assert viewer.images > 0
    late = sum(viewer.last["dropped"] for viewer in watched.viewers)
    assert watched.metrics["viewers"] == READERS + STALLED
    assert watched.metrics["viewer_updates_dropped_total"] > late
    assert watched.metrics["samples_lost_total"] == 0
    assert watched.metrics["mqtt_connections_total"] >= 1
