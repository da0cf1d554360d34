"""The application on a store of its own, asked without a network."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from gateway.adapters.web.access import Person, Role
from gateway.adapters.web.app import web_app
from gateway.adapters.web.problems import Refused
from gateway.adapters.webstore.sessions import hashed
from gateway.app.web.aside import Aside
from gateway.app.web.aside_tasks import do_task
from gateway.app.web.assembly import Assembled, assemble
from gateway.domain.errors import GatewayError
from gateway.domain.room import Room
from gateway.settings import Settings, Web
from tests.web.arc import arc_room

OPERATOR, SECOND, WATCHER = "operator-token", "second-token", "watcher-token"
PEOPLE = {
    hashed(OPERATOR): Person("operator", Role.OPERATE),
    hashed(SECOND): Person("second", Role.OPERATE),
    hashed(WATCHER): Person("watcher", Role.WATCH),
}
HERE = "http://127.0.0.1:8480"


@dataclass(frozen=True)
class SiteOnStore:
    """The parts, an application on them, and what was said to ``serve``."""

    assembled: Assembled
    app: Any
    said: list[Mapping[str, Any]]

    def client(
        self, token: str | None = None, *, base: str = HERE, address: str = "127.0.0.1"
    ) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(address, 4242))
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


def aside_here(settings: Settings, room: str) -> Aside:
    """Tasks done at once, in this process."""

    def do(task: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return json.loads(json.dumps(do_task(settings, room, {"task": task, **arguments})))
        except GatewayError as error:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error

    return do


@contextmanager
def site_on_store(
    store: Path,
    web: Web | None = None,
    people: Mapping[str, Person] = PEOPLE,
    room: Room | None = None,
) -> Iterator[SiteOnStore]:
    settings = Settings(store=store, web=web or Web(), operator="operator")
    room = room or arc_room()
    said: list[Mapping[str, Any]] = []
    aside = aside_here(settings, room.name)
    assembled = assemble(settings, room, people, aside, said.append)
    try:
        yield SiteOnStore(assembled, web_app(assembled.parts), said)
    finally:
        assembled.database.close()
