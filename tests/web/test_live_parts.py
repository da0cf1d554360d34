"""The live view, its pacing and its fan-out, without a network and in simulated time."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from gateway.adapters.web.hub import Hub, Viewer
from gateway.adapters.web.live_text import update_text
from gateway.adapters.web.live_updates import PERIOD_S, LiveUpdates
from gateway.adapters.web.live_view import LiveView
from gateway.adapters.web.pacing import DELAY_S, JUMP_S, Pacer
from gateway.adapters.web.portal_preview import HEADER, live_image, shrunk, windowed_png
from gateway.adapters.web.routes.live import live_routes
from gateway.domain.errors import StoreError
from gateway.domain.units import NS_PER_S
from gateway.formats.live_feed import LiveBeam, LiveEvent, LiveFrame, LiveLink, LiveSample
from gateway.timeloop import run
from tests.web.arc import SAMPLE_S, Arc, arc_room
from tests.web.site import site_on_store

ROOM = arc_room()


def _event(sequence: int, kind: str, delivery_id: str = "D1") -> LiveEvent:
    return LiveEvent(sequence, delivery_id, kind, 0)


def test_the_phase_follows_the_events_of_the_record() -> None:
    view = LiveView()
    for sequence, (kind, phase) in enumerate(
        [
            ("intent", "connecting"),
            ("file", "connecting"),
            ("beam-on", "beam on"),
            ("hold", "held"),
            ("resume", "beam on"),
            ("beam-end", "beam ended"),
            ("end", "judging"),
        ]
    ):
        view.take(_event(sequence + 1, kind))
        assert (view.phase, view.delivery_id) == (phase, "D1")
    view.take(_event(20, "verdict"))
    assert (view.phase, view.delivery_id, view.last_delivery_id) == ("idle", None, "D1")


def test_an_event_told_again_changes_nothing() -> None:
    view = LiveView()
    view.take(_event(5, "beam-on"))
    view.take(_event(4, "verdict"))
    assert view.phase == "beam on"


def test_a_new_delivery_begins_without_the_beam_of_the_last() -> None:
    view = LiveView()
    view.take(_event(1, "intent"))
    view.take(LiveBeam(1, "arc", 0.0, 100.0, 10.0, 600.0))
    view.take(_event(2, "intent", "D2"))
    assert view.state()["beam"] is None


def test_links_and_delivery_end_with_the_rooms_process() -> None:
    view = LiveView()
    view.set_connected(True)
    view.take(LiveLink("linac", "ready"))
    view.take(_event(7, "beam-on"))
    view.set_connected(False)
    assert view.state()["links"] == {}
    assert (view.phase, view.delivery_id, view.last_delivery_id) == ("idle", None, "D1")
    view.set_connected(True)  # it tells its last event again
    view.take(_event(7, "beam-on"))
    assert (view.phase, view.delivery_id) == ("beam on", "D1")


def test_a_group_of_samples_is_shown_one_after_the_other() -> None:
    pacer: Pacer[int] = Pacer()
    for number in range(5):
        pacer.put(round(number * 0.02 * NS_PER_S), 1.0, number)
    shown = [pacer.due(0.93 + DELAY_S + tick * 0.02) for tick in range(5)]
    assert shown == [0, 1, 2, 3, 4]
    assert pacer.due(100.0) is None


def test_of_several_that_are_due_the_newest_is_shown() -> None:
    pacer: Pacer[int] = Pacer()
    for number in range(10):
        pacer.put(round(number * 0.02 * NS_PER_S), 1.0, number)
    assert pacer.due(2.0) == 9


def test_a_machine_that_started_anew_is_shown_at_once() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.put(100 * NS_PER_S, 1.0, "old")
    pacer.put(0, 1.0 + JUMP_S, "new")
    assert pacer.due(1.0 + JUMP_S + DELAY_S) == "new"


async def test_a_viewer_who_does_not_take_gets_the_newest_and_a_count() -> None:
    hub = Hub()
    slow, quick = hub.join(), hub.join()
    assert slow is not None
    assert quick is not None
    for number in range(4):
        hub.publish(f'{{"n":{number}')
        assert (await quick.take())[0] == f'{{"n":{number},"dropped":0}}'
    assert (await slow.take())[0] == '{"n":3,"dropped":3}'
    assert (hub.encodings, hub.dropped) == (4, 3)
    hub.leave(slow)
    hub.leave(slow)
    assert (hub.viewers, hub.dropped) == (1, 3)


async def test_who_joins_late_sees_how_things_stand() -> None:
    hub = Hub()
    hub.publish('{"n":1')
    hub.publish_image(b"image")
    viewer = hub.join()
    assert viewer is not None
    assert await viewer.take() == ('{"n":1,"dropped":0}', b"image")


def test_too_many_viewers_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.adapters.web.hub.MOST_VIEWERS", 1)
    hub = Hub()
    assert hub.join() is not None
    assert hub.join() is None


def test_an_arc_reaches_a_viewer_evenly_and_in_order(tmp_path: Path) -> None:
    async def watched() -> list[tuple[float, dict]]:
        hub = Hub()
        updates = LiveUpdates(hub, ROOM.machine.layout, lambda: {"busy": True})
        running = asyncio.create_task(updates.run())
        viewer = hub.join()
        assert viewer is not None
        seen = []

        async def look() -> None:
            while True:
                text, _ = await viewer.take()
                if text is not None:
                    seen.append((asyncio.get_running_loop().time(), json.loads(text)))

        looking = asyncio.create_task(look())
        async for message in Arc(ROOM, tmp_path, frames_per_s=0).told():
            updates.take(message)
            if seen and seen[-1][0] > 8.0:
                break
        for task in (running, looking):
            task.cancel()
        await asyncio.wait((running, looking))
        assert hub.dropped == 0
        assert hub.encodings == len(seen)
        return seen

    seen = [(at_s, one) for at_s, one in run(watched(), None) if one["sample"]]
    steps = [one["sample"]["sequence"] for _, one in seen]
    assert steps == sorted(steps)
    steady = [(at_s, one) for at_s, one in seen if 3.0 < at_s < 8.0]
    moved = [b[1]["sample"]["sequence"] - a[1]["sample"]["sequence"] for a, b in pairwise(steady)]
    assert max(moved) <= 2 * PERIOD_S / SAMPLE_S
    assert len(steady) >= 20 * 5  # an update every PERIOD_S
    sample = seen[-1][1]["sample"]
    leaves = sample["mlcs"]["MLCX"]["X1"]
    assert [len(one) for one in leaves] == [60, 60]
    assert sample["axes"]["gantry"][0] != sample["axes"]["gantry"][1]
    assert seen[-1][1]["state"]["busy"] is True


@pytest.mark.parametrize("count", [1, 50])
def test_an_update_is_made_once_however_many_look_on(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(*arguments: Any) -> str:
        made.append(update_text(*arguments))
        return made[-1]

    monkeypatch.setattr("gateway.adapters.web.live_updates.update_text", counted)

    async def watched() -> list[list[int]]:
        hub = Hub()
        updates = LiveUpdates(hub, ROOM.machine.layout, dict)
        viewers = [viewer for viewer in (hub.join() for _ in range(count)) if viewer]
        seen: list[list[int]] = [[] for _ in viewers]

        async def look(viewer: Viewer, numbers: list[int]) -> None:
            while True:
                text, _ = await viewer.take()
                numbers.append(json.loads(text or "")["n"])

        tasks = [asyncio.create_task(look(*pair)) for pair in zip(viewers, seen, strict=True)]
        tasks.append(asyncio.create_task(updates.run()))
        async for message in Arc(ROOM, tmp_path, frames_per_s=0).told():
            updates.take(message)
            if len(made) >= 50:
                break
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert hub.encodings == len(made)
        return seen

    seen = run(watched(), None)
    assert len(seen) == count
    assert {tuple(numbers[:49]) for numbers in seen} == {tuple(range(1, 50))}
    assert len(made) <= 52


async def test_an_image_is_the_same_for_all() -> None:
    hub, image = Hub(), b"image"
    viewers = [hub.join() for _ in range(3)]
    hub.publish_image(image)
    for viewer in viewers:
        assert viewer is not None
        assert (await viewer.take())[1] is image


def test_a_portal_frame_is_made_small_and_keeps_its_values(tmp_path: Path) -> None:
    groups = Arc(ROOM, tmp_path).groups()
    frame = next(m.frame for group in groups for m in group if isinstance(m, LiveFrame))
    content, words = live_image(frame)
    rows, columns, beam, number, bits = HEADER.unpack_from(content)
    assert (rows, columns, beam, number, bits) == (297, 297, 1, 1, 16)
    pixels = np.frombuffer(content, "<u2", offset=HEADER.size).reshape(rows, columns)
    assert (pixels.min(), pixels.max()) == (400, 9000)
    assert (words["low"], words["high"]) == (400.0, 9000.0)
    frame.path.unlink()
    with pytest.raises(StoreError, match="gone"):
        live_image(frame)


def test_small_frames_stay_as_they_are() -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    assert np.array_equal(shrunk(pixels, 320), pixels)
    assert windowed_png(pixels, 5.0, 5.0).startswith(b"\x89PNG")


def test_samples_of_a_lost_feed_are_counted() -> None:
    view = LiveView()
    group = next(g for g in Arc(ROOM, Path()).groups() if isinstance(g[0], LiveEvent))
    view.take(group[0])
    sample = next(
        m
        for g in Arc(ROOM, Path(), frames_per_s=0).groups()
        for m in g
        if isinstance(m, LiveSample)
    )
    view.take(LiveSample(sample.sample, sample.planned, 7))
    assert view.state()["untold"] == 7


def test_a_viewer_who_leaves_before_being_let_in_takes_no_place(tmp_path: Path) -> None:
    with site_on_store(tmp_path) as site:
        app, parts = FastAPI(), site.assembled.parts
        app.include_router(live_routes(parts))

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(_message: Any) -> None:
            raise OSError("gone")

        scope = {"type": "websocket", "path": "/live", "headers": [], "query_string": b""}
        with pytest.raises(OSError, match="gone"):
            asyncio.run(app(scope, receive, send))
        assert parts.hub.viewers == 0
