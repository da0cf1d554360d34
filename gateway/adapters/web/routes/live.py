"""The live view: a WebSocket for updates, the newest portal frame as a picture."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response, WebSocket

from gateway.adapters.web.hub import Viewer
from gateway.adapters.web.parts import WebParts
from gateway.adapters.web.portal_preview import (
    STILL_COLUMNS,
    read_frame,
    shrunk,
    windowed_png,
)
from gateway.adapters.web.problems import Refused

TRY_AGAIN = 1013
Level = Annotated[
    float | None, Query(ge=0, le=65535, description="Pixel value, counts; by itself without")
]


def live_routes(parts: WebParts) -> APIRouter:
    """``/live`` and ``/live/frame.png``."""
    router = APIRouter(tags=["live"])

    @router.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        viewer = parts.hub.join()
        if viewer is None:
            await websocket.close(TRY_AGAIN, "too many look on")
            return
        try:
            await _serve(websocket, viewer)
        finally:
            parts.hub.leave(viewer)

    @router.get(
        "/live/frame.png",
        summary="The newest portal frame",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    def frame(low: Level = None, high: Level = None) -> Response:
        kept = parts.updates.frame
        if kept is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no portal frame of this delivery")
        pixels = shrunk(read_frame(kept), STILL_COLUMNS)
        return Response(windowed_png(pixels, low, high), media_type="image/png")

    return router


async def _serve(websocket: WebSocket, viewer: Viewer) -> None:
    """Give a viewer what is new until they leave; what they say is not listened to."""
    sending = asyncio.create_task(_send(websocket, viewer), name="live-viewer")
    listening = asyncio.create_task(_listen(websocket), name="live-listener")
    try:
        await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)


async def _listen(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        continue


async def _send(websocket: WebSocket, viewer: Viewer) -> None:
    while True:
        text, image = await viewer.take()
        if text is not None:
            await websocket.send_text(text)
        if image is not None:
            await websocket.send_bytes(image)
