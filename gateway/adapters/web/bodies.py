"""How large a request may be, and how long it may take to arrive."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.adapters.web.problems import Refused, problem

MOST_BYTES = 64 * 1024
IDLE_S = 10.0
WHOLE_S = 60.0


class BoundedBodies:
    """ASGI middleware. ``larger`` names the paths whose bodies may have more bytes."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is too large before it is read, or while it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._larger.get(scope["path"], MOST_BYTES)
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdecimal() or int(told) > most:
            error = _too_large(most)
            await problem(error.status, error.detail)(scope, receive, send)
            return
        try:
            await self._app(scope, _bounded(receive, most), send)
        except Refused as error:  # raised before the application had it
            await problem(error.status, error.detail)(scope, receive, send)


def _too_large(most: int) -> Refused:
    text = f"a request to this address may have {most} bytes"
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


def _too_slow() -> Refused:
    return Refused(HTTPStatus.REQUEST_TIMEOUT, "the request's body did not come in time")


def _bounded(receive: Receive, most: int) -> Receive:
    taken = 0
    more = True
    deadline_s = asyncio.get_running_loop().time() + WHOLE_S

    async def receiving() -> Message:
        nonlocal taken, more
        if not more:  # whoever waits for the end of the connection may wait
            return await receive()
        left_s = deadline_s - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_S, left_s))):
                message = await receive()
        except TimeoutError:
            raise _too_slow() from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            more = message.get("more_body", False)
            if taken > most:
                raise _too_large(most)
        return message

    return receiving
