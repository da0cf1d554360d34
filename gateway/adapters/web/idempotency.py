"""Commands are carried out once: the same key gets the same answer."""

import asyncio
import contextlib
import logging
import re
from hashlib import sha256
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.adapters.web.backend import Ledger, Stored
from gateway.adapters.web.guard import API, SAFE, SESSION
from gateway.adapters.web.problems import MEDIA_TYPE, Refused, problem
from gateway.domain.errors import StoreError

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
BEAM_OFF = (f"{API}v1/room/hold", f"{API}v1/room/abort")
LEDGER_S = 1.0
"""How long a command that turns the beam off waits for the disk."""
_KEY = re.compile(r"[\x21-\x7e]{1,128}")

_log = logging.getLogger(__name__)


class OnceOnly:
    """ASGI middleware for commands of the API; a session's begin and end are none."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out and keep the answer, or answer as before."""
        if scope["type"] != "http" or not _is_command(scope):
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get(HEADER, "")
        if _KEY.fullmatch(key) is None:
            text = "a command wants an Idempotency-Key: up to 128 printable characters, a new one"
            await problem(HTTPStatus.BAD_REQUEST, text)(scope, receive, send)
            return
        try:
            body = await _whole(receive)
            answer = await self._once(scope, key, body)
        except Refused as refused:
            answer = problem(refused.status, refused.detail)
        except StoreError as failed:
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, str(failed))
        await answer(scope, receive, send)

    async def _once(self, scope: Scope, key: str, body: bytes) -> Response:
        name = scope["state"]["person"].name
        if scope["path"] in BEAM_OFF:
            return await self._at_once(scope, name, key, body)
        request = await asyncio.to_thread(_digest, scope, body)
        before = await asyncio.to_thread(self._ledger.begin, name, key, request)
        if before is not None:
            return _response(before, {REPLAYED: "true"})
        try:
            answer = await _carried_out(self._app, scope, body)
        except Exception:
            failed = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of this program")
            fault = Stored(failed.status_code, MEDIA_TYPE, bytes(failed.body))
            await asyncio.to_thread(self._ledger.answered, name, key, fault)
            raise
        await asyncio.to_thread(self._ledger.answered, name, key, answer)
        return _response(answer, {})

    async def _at_once(self, scope: Scope, name: str, key: str, body: bytes) -> Response:
        """No disk keeps a beam on: what cannot be kept is carried out nevertheless."""
        kept, request = True, _digest(scope, body)
        try:
            async with asyncio.timeout(LEDGER_S):
                before = await asyncio.to_thread(self._ledger.begin, name, key, request)
            if before is not None:
                return _response(before, {REPLAYED: "true"})
        except (StoreError, TimeoutError) as problem:
            _log.error("%s cannot be kept: %s", scope["path"], problem or "it took too long")
            kept = False
        answer = await _carried_out(self._app, scope, body)
        if kept:
            with contextlib.suppress(StoreError):
                await asyncio.to_thread(self._ledger.answered, name, key, answer)
        return _response(answer, {})


def _is_command(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] not in SAFE and path.startswith(API) and path != SESSION


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(HTTPStatus.BAD_REQUEST, "the request's body broke off")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _digest(scope: Scope, body: bytes) -> str:
    headers = Headers(scope=scope)
    digest = sha256()
    for part in (
        scope["method"].encode(),
        scope["path"].encode("utf-8", "surrogateescape"),
        scope["query_string"],
        headers.get("content-type", "").encode(),
        body,
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


async def _carried_out(app: ASGIApp, scope: Scope, body: bytes) -> Stored:
    """What the application answers to the whole body."""
    status, media_type = 500, "application/json"
    parts: list[bytes] = []
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, media_type
        if message["type"] == "http.response.start":
            status = message["status"]
            media_type = Headers(raw=message["headers"]).get("content-type", media_type)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Stored(status, media_type, b"".join(parts))


def _response(stored: Stored, headers: dict[str, str]) -> Response:
    return Response(stored.answer, stored.status, headers, stored.media_type)
