"""The application on a store of its own, asked without a network."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.adapters.web.access import Person, Role
from gateway.adapters.web.app import web_app
from gateway.adapters.webstore.sessions import hashed
from gateway.app.web.assembly import Assembled, assemble
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
    """The parts and an application on them."""

    assembled: Assembled
    app: Any

    def client(
        self, token: str | None = None, *, base: str = HERE, address: str = "127.0.0.1"
    ) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(address, 4242))
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


@contextmanager
def site_on_store(
    store: Path, web: Web | None = None, people: Mapping[str, Person] = PEOPLE
) -> Iterator[SiteOnStore]:
    settings = Settings(store=store, web=web or Web(), operator="operator")
    assembled = assemble(settings, arc_room(), people)
    try:
        yield SiteOnStore(assembled, web_app(assembled.parts))
    finally:
        assembled.database.close()
