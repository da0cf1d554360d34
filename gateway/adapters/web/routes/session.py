"""Sessions of browsers: a token once, then a cookie that no script can read."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from gateway.adapters.web.guard import COOKIE
from gateway.adapters.web.models import NewSession, SessionRow
from gateway.adapters.web.parts import WebParts
from gateway.adapters.web.problems import Refused

PATH = "/api/v1/session"


def session_routes(parts: WebParts) -> APIRouter:
    """``/session``."""
    router = APIRouter(tags=["session"])

    @router.get("/session", summary="Who you are")
    def who(request: Request) -> SessionRow:
        person, session = request.state.person, getattr(request.state, "session", None)
        csrf = None if session is None else session.csrf
        return SessionRow(name=person.name or None, role=person.role.value, csrf=csrf)

    @router.post("/session", summary="Begin a session", status_code=201)
    def begin(wanted: NewSession, response: Response) -> SessionRow:
        opened = parts.sessions.open(wanted.token)
        if opened is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "nobody has this token")
        secret, session = opened
        response.set_cookie(
            COOKIE,
            secret,
            httponly=True,
            samesite="strict",
            secure=parts.site.secure,
            path="/",
        )
        person = session.person
        return SessionRow(name=person.name, role=person.role.value, csrf=session.csrf)

    @router.delete("/session", summary="End this session", status_code=204)
    def end(request: Request, response: Response) -> None:
        secret = request.cookies.get(COOKIE)
        if secret:
            parts.sessions.close(secret)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    return router
