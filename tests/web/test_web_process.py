"""The web's process on a real socket: feed, viewers, slow and large requests, its end."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from gateway.adapters.live.tap import Tap
from gateway.adapters.web.server import HEAD_BYTES
from gateway.domain.delivery import CouchSample
from gateway.formats.live_feed import (
    LiveCouch,
    LiveFrame,
    LiveSample,
)
from gateway.ports.store import StoredEvent
from tests.web.arc import Arc, arc_program, arc_room
from tests.web.process import WebProcess, web_process

ROOM = arc_room()
PROGRAM = arc_program(ROOM)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WebProcess]:
    async with web_process(tmp_path_factory.mktemp("store")) as made:
        yield made


def _viewer(web: WebProcess, **more: object) -> connect:
    url = f"ws://127.0.0.1:{web.port}/api/v1/live"
    return connect(url, max_size=None, **{"origin": web.origin, **more})  # type: ignore[arg-type]


async def _update(viewer: ClientConnection) -> dict:
    while True:
        said = await viewer.recv()
        if isinstance(said, str):
            found: dict = json.loads(said)
            return found


async def test_the_first_start_gives_a_token_that_operates(web: WebProcess) -> None:
    headers = {"Authorization": f"Bearer {web.token}"}
    async with httpx.AsyncClient(base_url=web.origin, headers=headers) as client:
        assert (await client.get("/api/v1/session")).json()["role"] == "operate"
        assert (await client.get("/readyz")).status_code in (200, 503)


def _tell(tap: Tap, folder: Path, samples: int) -> None:
    """Tell the beginning of an arc."""
    tap.reach()
    tap.on_link("linac", "ready")
    tap.on_beam(PROGRAM)
    for group in Arc(ROOM, folder).groups():
        told = [one.sample for one in group if isinstance(one, LiveSample)]
        if told:
            tap.on_samples(told)
        for one in group:
            if isinstance(one, LiveFrame):
                tap.on_frame(one.frame)
            if isinstance(one, LiveCouch):
                tap.on_couch(CouchSample(0, one.positions_mm, one.moving))
        if told and told[-1].sequence >= samples:
            return


async def test_a_viewer_sees_what_the_rooms_process_tells(web: WebProcess, tmp_path: Path) -> None:
    tap = Tap([web.feed])
    try:
        async with _viewer(web) as viewer:
            await asyncio.to_thread(_tell, tap, tmp_path, 25)
            sample = None
            while sample is None or sample["sequence"] < 25:
                update = await _update(viewer)
                sample = update["sample"]
            assert update["state"]["connected"] is True
            assert update["state"]["links"] == {"linac": "ready"}
            assert update["state"]["beam"]["end_meterset_mu"] == PROGRAM.end_meterset_mu
            assert sample["axes"]["gantry"][1] != 0.0
        picture = await _get(web, "/api/v1/live/frame.png")
        assert picture.startswith(b"\x89PNG")
    finally:
        await asyncio.to_thread(tap.close)
    async with _viewer(web) as viewer:
        while (await _update(viewer))["state"]["connected"]:
            continue


async def test_who_holds_control_is_told(web: WebProcess) -> None:
    await web.child.send({"room": {"busy": True, "item": "w-1", "by": ["operator"]}})
    async with _viewer(web) as viewer:
        while not (state := (await _update(viewer))["state"])["busy"]:
            continue
        assert (state["held_by"], state["item"]) == (["operator"], "w-1")
        await web.child.send({"room": {"busy": False}})
        await web.child.send({"nonsense": 1})
        while (await _update(viewer))["state"]["busy"]:
            continue


async def test_nothing_is_delivered_once_serve_says_so(web: WebProcess) -> None:
    """Also where the record's last event says nothing of that: it could not be judged."""
    tap = Tap([web.feed])
    try:
        async with _viewer(web) as viewer:
            await web.child.send({"room": {"busy": True, "item": "w-2", "by": ["operator"]}})
            await asyncio.to_thread(tap.on_event, StoredEvent(9_001, "D9", "end", 0, {}, ""))
            while (state := (await _update(viewer))["state"])["phase"] != "judging":
                continue
            assert state["delivery_id"] == "D9"
            await web.child.send({"room": {"busy": False}})
            while (state := (await _update(viewer))["state"])["phase"] != "idle":
                continue
            assert (state["delivery_id"], state["last_delivery_id"]) == (None, "D9")
    finally:
        await asyncio.to_thread(tap.close)


async def test_a_websocket_of_another_origin_is_refused(web: WebProcess) -> None:
    for more, status in (
        ({"origin": "http://evil.example"}, 403),
        ({"origin": None}, 403),
        ({"origin": None, "additional_headers": {"Authorization": "Bearer wrong"}}, 401),
    ):
        with pytest.raises(InvalidStatus) as refused:
            await _viewer(web, **more).__aenter__()
        assert refused.value.response.status_code == status
    turned = connect("ws://evil.example/api/v1/live", host="127.0.0.1", port=web.port)
    with pytest.raises(InvalidStatus) as refused:
        await turned.__aenter__()
    assert refused.value.response.status_code == 421
    token = {"Authorization": f"Bearer {web.token}"}
    async with _viewer(web, origin=None, additional_headers=token) as viewer:
        await _update(viewer)


async def test_what_a_viewer_says_is_not_listened_to_and_is_short(web: WebProcess) -> None:
    async with _viewer(web) as viewer:
        await viewer.send("hold the beam")
        await _update(viewer)
        await viewer.send("x" * 10_000)
        await viewer.wait_closed()
        assert viewer.close_code == 1009


async def test_a_body_of_300_mib_is_refused_before_it_is_sent(web: WebProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    head = (
        f"POST /api/v1/plans HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n"
        f"Authorization: Bearer {web.token}\r\nIdempotency-Key: large\r\n"
        f"Content-Type: application/dicom\r\nContent-Length: {300 * 2**20}\r\n\r\n"
    )
    writer.write(head.encode() + b"x" * 1000)
    assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_head_without_end_is_refused(web: WebProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 2 * HEAD_BYTES)
    assert b" 400 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_another_process_cannot_take_its_port(web: WebProcess, tmp_path: Path) -> None:
    from gateway.domain.errors import LinkLost

    settings = f"[web]\nport = {web.port}\n"
    with pytest.raises(LinkLost, match="before it was ready"):
        await web_process(tmp_path, settings=settings).__aenter__()


async def test_it_ends_with_its_input(tmp_path: Path) -> None:
    async with web_process(tmp_path) as web, _viewer(web) as viewer:
        await _update(viewer)
        await web.child.stop()
        assert await web.child.ended() == 0
        await viewer.wait_closed()


async def _get(web: WebProcess, path: str) -> bytes:
    async with httpx.AsyncClient(base_url=web.origin) as client:
        while True:  # the picture is made beside the updates
            answer = await client.get(path)
            if answer.status_code == 200:
                return answer.content
