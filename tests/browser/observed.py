"""What goes on in a browser without a person seeing it: errors, requests, the feed."""

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

LOCAL = ("data", "blob")
NETWORK = ("net::ERR_", "WebSocket connection to")
"""How Chromium itself tells in the console that a server did not answer."""


class Observed:
    """A context's errors and foreign requests; ``updates`` are the feed's texts by number."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.updates: dict[int, Any] = {}
        self.requests = 0
        self._host = urlsplit(origin).netloc
        self._wrong: list[str] = []
        self._outages: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("page", self._page)

    def check(self, *, outage: bool = False) -> None:
        """Fail on an error in a console, or a request to another host.

        ``outage``: the server was away for a while, and Chromium says so.
        """
        assert self._wrong == []
        assert bool(self._outages) == outage, self._outages
        assert self.requests > 0

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        told = f"{message.type}: {message.text} ({message.location['url']})"
        missing = any(word in message.text for word in NETWORK)
        (self._outages if missing else self._wrong).append(told)

    def _error(self, error: WebError) -> None:
        self._wrong.append(f"thrown: {error.error}")

    def _request(self, request: Request) -> None:
        self.requests += 1
        self._require_own(request.url)

    def _require_own(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in LOCAL and parts.netloc != self._host:
            self._wrong.append(f"request of another host: {url}")

    def _page(self, page: Page) -> None:
        page.on("websocket", self._websocket)

    def _websocket(self, socket: WebSocket) -> None:
        self._require_own(socket.url)
        socket.on("framereceived", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            update = json.loads(payload)
            self.updates[update["n"]] = update
