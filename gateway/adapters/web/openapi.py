"""The description of the API: what every operation wants and may answer, beside its own."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.adapters.web.guard import API, METRICS, SESSION
from gateway.adapters.web.models import Problem
from gateway.adapters.web.problems import MEDIA_TYPE

_ABOUT = """\
The live room: what happens in it, what is kept of it, and what it may be asked to do.

Reading wants the role watch, everything else the role operate. Programs send
`Authorization: Bearer TOKEN`; browsers have a session (`POST /api/v1/session`) and repeat its word
in `X-CSRF-Token`. On the computer itself watching wants nothing. Every command has an
`Idempotency-Key` of its own: the same key and request get the same answer, and are carried out
once. Numbers carry their units in their names. Errors are problem details (RFC 9457).

`GET /api/v1/live` is a WebSocket: JSON updates and portal images; see docs/http-api.md.
"""
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new one for each command",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    "example": "7d3c1c52-5b0f-4b53-a3a1-0f2b53f0b6d8",
}
_SECURITY: Mapping[str, Any] = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "linac_gateway_session"},
}
_ALWAYS = (403, 421, 500, 503)
_OF_COMMANDS = (400, 401, 408, 409, 413, 422)


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What ``app.openapi`` is to be."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(
                title=app.title, version=app.version, description=_ABOUT, routes=app.routes
            )
            app.openapi_schema = _completed(found)
        return app.openapi_schema

    return openapi


def _completed(found: dict[str, Any]) -> dict[str, Any]:
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, schema in schemas["Problem"].pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    found["components"]["securitySchemes"] = dict(_SECURITY)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return found


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    api, command = path.startswith(API), method != "get"
    statuses = set(_ALWAYS)
    if api or path == METRICS:
        statuses.add(401)
    if api and path != SESSION:
        operation["security"] = [{"token": []}, {"session": []}] + ([] if command else [{}])
    if command:
        statuses.update(_OF_COMMANDS)
    if command and api and path != SESSION:
        operation.setdefault("parameters", []).append(_KEY)
    if operation.get("parameters"):
        statuses.add(422)
    if "{" in path or path.endswith((".png", "/metrics")) or (command and path.endswith("/queue")):
        statuses.add(404)
    for status in sorted(statuses):
        phrase = HTTPStatus(status).phrase
        known = responses.get(str(status))
        if known is None or "HTTPValidationError" in str(known):
            responses[str(status)] = {
                "description": phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
