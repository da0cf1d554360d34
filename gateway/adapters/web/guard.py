"""What every request passes first: host, origin, who it is, and whether they may."""

import logging
import traceback
from http import HTTPStatus
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.adapters.web.access import NOBODY, Person, Role, Session, Sessions, Site, same_origin
from gateway.adapters.web.headers import with_headers
from gateway.adapters.web.problems import problem

API = "/api/"
SESSION = "/api/v1/session"
DESCRIPTION = "/api/v1/openapi.json"
METRICS = "/metrics"
COOKIE = "linac_gateway_session"
CSRF = "x-csrf-token"
SAFE = ("GET", "HEAD", "OPTIONS")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware. The person goes on in ``scope["state"]["person"]``.

    Whatever goes wrong behind it is told as an error without its text, in the answer and in the
    log: the text may hold what belongs to a patient.
    """

    def __init__(self, app: ASGIApp, site: Site, sessions: Sessions) -> None:
        self._app = app
        self._site = site
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        sending, begun = with_headers(send, secure=self._site.secure)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _answer(refusal, scope, receive, sending)
            return
        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - nothing of it may reach the answer or the log
            _log.error("%s: %s at %s", scope["type"], type(error).__name__, _place(error))
            if not begun():
                failed = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of this program")
                await _answer(failed, scope, receive, sending)

    def _refusal(self, scope: Scope) -> Response | None:
        connection = HTTPConnection(scope)
        hosts = connection.headers.getlist("host")
        if len(hosts) != 1 or not self._site.answers_to(hosts[0]):
            return problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this service does not go by that name; settings: web.allowed_hosts",
            )
        return self._foreign(connection, hosts[0]) or self._not_allowed(connection, hosts[0])

    def _foreign(self, connection: HTTPConnection, host: str) -> Response | None:
        origins = connection.headers.getlist("origin")
        if any(not same_origin(origin, host) for origin in origins):
            return problem(HTTPStatus.FORBIDDEN, "pages of other origins may not ask this service")
        websocket = connection.scope["type"] == "websocket"
        if websocket and not origins and _bearer(connection) is None:
            return problem(
                HTTPStatus.FORBIDDEN, "a WebSocket wants an Origin header or a bearer token"
            )
        fetched = connection.headers.get("sec-fetch-site", "none")
        navigated = connection.headers.get("sec-fetch-mode") == "navigate"
        page = navigated and not connection.scope["path"].startswith(API)
        if fetched not in ("none", "same-origin") and not page:
            return problem(HTTPStatus.FORBIDDEN, "pages of other origins may not ask this service")
        return None

    def _not_allowed(self, connection: HTTPConnection, host: str) -> Response | None:
        scope = connection.scope
        path, method = scope["path"], scope.get("method", "GET")
        state: dict[str, Any] = scope.setdefault("state", {})
        state["person"] = NOBODY
        if not path.startswith(API) and path != METRICS:
            return None
        token = _bearer(connection)
        session = None if token is not None else self._session(connection)
        person = self._person(connection, host, token, session)
        if (path, method) in {(SESSION, "POST"), (DESCRIPTION, "GET")}:
            return None
        if person is None or (method not in SAFE and not person.name):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                "a token is needed: Authorization: Bearer TOKEN, or a session",
                {"WWW-Authenticate": "Bearer"},
            )
        state["person"], state["session"] = person, session
        return None if method in SAFE else _no_command(connection, person, session)

    def _session(self, connection: HTTPConnection) -> Session | None:
        return self._sessions.session(connection.cookies.get(COOKIE, ""))

    def _person(
        self, connection: HTTPConnection, host: str, token: str | None, session: Session | None
    ) -> Person | None:
        if token is not None:
            return self._sessions.person(token)
        if session is not None:
            return session.person
        if any(name in connection.headers for name in _FORWARDED):
            return None
        client = None if connection.client is None else connection.client.host
        return NOBODY if self._site.from_here(host, client) else None


def _no_command(
    connection: HTTPConnection, person: Person, session: Session | None
) -> Response | None:
    if session is not None and connection.headers.get(CSRF) != session.csrf:
        return problem(HTTPStatus.FORBIDDEN, "X-CSRF-Token is not that of this session")
    if person.role is not Role.OPERATE and connection.scope["path"] != SESSION:
        return problem(HTTPStatus.FORBIDDEN, "your role is watch: commands want the role operate")
    return None


def _bearer(connection: HTTPConnection) -> str | None:
    """The token of an Authorization header, empty where it is another scheme; None without."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer; a WebSocket's handshake is refused with the same answer."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
        "extensions", {}
    ):
        await send({"type": "websocket.close", "code": 1008})
        return
    await response(scope, receive, send)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
