"""Headers of every answer: what a browser may do with it."""

from collections.abc import Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""A report is one file with its own styles and pictures: it runs nothing and asks for nothing."""

_ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def with_headers(send: Send, *, secure: bool) -> tuple[Send, Callable[[], bool]]:
    """``send`` that adds the headers, and whether an answer has begun."""
    begun = False

    async def sending(message: Message) -> None:
        nonlocal begun
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            begun = True
            _add(message, secure=secure)
        await send(message)

    return sending, lambda: begun


def _add(message: Any, *, secure: bool) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _ALWAYS.items():
        if name not in headers:
            headers[name] = value
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
