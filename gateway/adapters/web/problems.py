"""Errors as problem details (RFC 9457): what is wrong, where, what to do. Never a traceback."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.domain.errors import GatewayError

MEDIA_TYPE = "application/problem+json"
_UNUSABLE = "the request is not usable; errors says where"


class Refused(HTTPException):
    """A request that is not carried out: an HTTP status and why, for a person."""

    def __init__(self, status: HTTPStatus, detail: str, **more: Any) -> None:
        super().__init__(status.value, detail)
        self.status = status
        self.more = more


def not_found(what: str) -> Refused:
    """The answer for a name that nothing has."""
    return Refused(HTTPStatus.NOT_FOUND, f"there is no such {what}")


def problem(
    status: HTTPStatus,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer to a request that is refused."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    content = json.dumps(body | more, ensure_ascii=False).encode()
    return Response(content, status.value, dict(headers or {}), MEDIA_TYPE)


def handle_problems(app: FastAPI) -> None:
    """Let everything that is raised come out as a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(GatewayError, _gateway)
    app.add_exception_handler(RequestValidationError, _unusable)
    app.add_exception_handler(HTTPException, _http)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - the handler's signature is the framework's
    return problem(error.status, error.detail, **error.more)


def _gateway(_request: Request, error: Exception) -> Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def _unusable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _UNUSABLE, errors=_places(error.errors()))


def _places(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Where and why; never what was sent."""
    return [
        {"where": ".".join(str(part) for part in one["loc"]), "why": str(one["msg"])}
        for one in errors
    ]


def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    status = HTTPStatus(error.status_code)
    detail = {404: "there is nothing at this address"}.get(status.value, status.description)
    return problem(status, detail or status.phrase, error.headers)
