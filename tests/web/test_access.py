"""What every request passes first: names, origins, tokens, sessions, sizes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.web.access import Person, Role
from gateway.adapters.webstore.sessions import hashed
from gateway.app.web.people import first_person, read_people
from gateway.domain.errors import ConfigError
from gateway.settings import Web
from tests.web.site import HERE, OPERATOR, WATCHER, SiteOnStore, site_on_store

ROOM = "/api/v1/room"
SESSION = "/api/v1/session"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteOnStore]:
    with site_on_store(tmp_path) as made:
        yield made


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[SiteOnStore]:
    with site_on_store(tmp_path, Web(host="0.0.0.0", allowed_hosts=("linac.example",))) as made:
        yield made


async def test_this_computer_may_look_without_a_token(site: SiteOnStore) -> None:
    async with site.client() as client:
        assert (await client.get(ROOM)).status_code == 200
        assert (await client.get(SESSION)).json() == {"name": None, "role": "watch", "csrf": None}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8480"},
        {"Host": ""},
        {"Host": "[::1"},
    ],
)
async def test_other_names_are_not_answered(site: SiteOnStore, headers: dict[str, str]) -> None:
    """A page of another name whose address is turned to this computer (DNS rebinding)."""
    async with site.client(OPERATOR) as client:
        for path in (ROOM, "/", "/healthz", "/api/v1/openapi.json"):
            assert (await client.get(path, headers=headers)).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "file://127.0.0.1:8480"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
async def test_pages_of_other_origins_are_refused(
    site: SiteOnStore, headers: dict[str, str]
) -> None:
    async with site.client(OPERATOR) as client:
        assert (await client.get(ROOM, headers=headers)).status_code == 403
        assert (await client.request("DELETE", SESSION, headers=headers)).status_code == 403


async def test_a_host_or_an_origin_too_many_is_refused(site: SiteOnStore) -> None:
    """Whoever stands between may look at the first and pass on the last."""
    async with site.client(OPERATOR) as client:
        for name, values, status in (
            ("Host", ("127.0.0.1:8480", "evil.example"), 421),
            ("Host", ("evil.example", "127.0.0.1:8480"), 421),
            ("Origin", (HERE, "http://evil.example"), 403),
            ("Origin", ("http://evil.example", HERE), 403),
        ):
            headers = [(name, value) for value in values]
            assert (await client.get(ROOM, headers=headers)).status_code == status


HOST, ORIGIN = (b"host", b"127.0.0.1:8480"), (b"origin", HERE.encode())
TOKEN = (b"authorization", f"Bearer {WATCHER}".encode())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((HOST, ORIGIN), None),
        ((HOST, TOKEN), None),
        ((HOST, ORIGIN, TOKEN), None),
        ((HOST,), 403),
        ((HOST, (b"origin", b"null")), 403),
        ((HOST, (b"origin", b"http://evil.example")), 403),
        ((HOST, TOKEN, (b"origin", b"http://evil.example")), 403),
        ((HOST, ORIGIN, (b"origin", b"http://evil.example")), 403),
        ((HOST, ORIGIN, (b"sec-fetch-site", b"cross-site")), 403),
        ((HOST, ORIGIN, (b"authorization", b"Bearer wrong")), 401),
        ((HOST, ORIGIN, (b"x-forwarded-for", b"192.0.2.1")), 401),
        (((b"host", b"evil.example"), (b"origin", b"http://evil.example")), 421),
        (((b"host", b"evil.example"), TOKEN), 421),
        ((ORIGIN, TOKEN), 421),
    ],
)
async def test_a_websocket_is_opened_to_the_same(
    site: SiteOnStore, headers: tuple[tuple[bytes, bytes], ...], status: int | None
) -> None:
    assert await _handshake(site, headers, "127.0.0.1") == status


async def test_a_websocket_beyond_loopback_wants_a_token(open_site: SiteOnStore) -> None:
    named = ((b"host", b"linac.example"), (b"origin", b"http://linac.example"))
    assert await _handshake(open_site, named, "192.0.2.7") == 401
    assert await _handshake(open_site, (*named, TOKEN), "192.0.2.7") is None


async def _handshake(
    site: SiteOnStore, headers: tuple[tuple[bytes, bytes], ...], address: str
) -> int | None:
    """With which status a WebSocket is refused; None where it is accepted."""
    scope = {
        "type": "websocket",
        "path": "/api/v1/live",
        "raw_path": b"/api/v1/live",
        "query_string": b"",
        "headers": list(headers),
        "client": (address, 4242),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    said: list[dict[str, Any]] = []
    coming = iter(("websocket.connect", "websocket.disconnect"))

    async def receive() -> dict[str, Any]:
        return {"type": next(coming), "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await site.app(scope, receive, send)
    if said[0]["type"] == "websocket.accept":
        return None
    status: int = said[0]["status"]
    return status


async def test_a_link_elsewhere_may_lead_to_the_dashboard(site: SiteOnStore) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with site.client() as client:
        assert (await client.get("/healthz", headers=followed)).status_code == 200
        assert (await client.get(ROOM, headers=followed)).status_code == 403


async def test_the_own_page_is_answered(site: SiteOnStore) -> None:
    async with site.client() as client:
        assert (await client.get(ROOM, headers={"Origin": HERE})).status_code == 200


@pytest.mark.parametrize("forwarded", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_who_comes_through_a_proxy_wants_a_token(site: SiteOnStore, forwarded: str) -> None:
    async with site.client() as client:
        assert (await client.get(ROOM, headers={forwarded: "192.0.2.1"})).status_code == 401


async def test_beyond_loopback_everything_wants_a_token(open_site: SiteOnStore) -> None:
    elsewhere = {"base": "http://linac.example", "address": "192.0.2.7"}
    async with open_site.client(**elsewhere) as client:
        refused = await client.get(ROOM)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/healthz")).status_code == 200
    async with open_site.client(WATCHER, **elsewhere) as client:
        assert (await client.get(ROOM)).status_code == 200
    async with open_site.client() as client:  # the loopback of a service that others reach
        assert (await client.get(ROOM)).status_code == 401


async def test_a_wrong_token_is_refused_here_too(site: SiteOnStore) -> None:
    for value in ("Bearer wrong", "Bearer ", "Basic b3BlcmF0b3I6eA=="):
        async with site.client() as client:
            answer = await client.get(ROOM, headers={"Authorization": value})
            assert answer.status_code == 401


async def test_a_session_knows_its_person_and_wants_its_word(site: SiteOnStore) -> None:
    async with site.client() as client:
        assert (await client.post(SESSION, json={"token": "wrong"})).status_code == 401
        begun = await client.post(SESSION, json={"token": OPERATOR})
        assert begun.status_code == 201
        cookie = begun.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        csrf = begun.json()["csrf"]
        assert (await client.get(SESSION)).json()["name"] == "operator"
        assert (await client.delete(SESSION)).status_code == 403
        assert (await client.delete(SESSION, headers={"X-CSRF-Token": "x"})).status_code == 403
        ended = await client.delete(SESSION, headers={"X-CSRF-Token": csrf})
        assert ended.status_code == 204
        assert (await client.get(SESSION)).json()["name"] is None


def test_a_session_outlives_a_restart_and_neither_its_person_nor_their_token(
    tmp_path: Path,
) -> None:
    cookies: dict[str, str] = {}

    async def begin(site: SiteOnStore) -> None:
        async with site.client() as client:
            await client.post(SESSION, json={"token": WATCHER})
            cookies.update(client.cookies)

    async def name(site: SiteOnStore) -> str | None:
        async with site.client() as client:
            client.cookies.update(cookies)
            found: str | None = (await client.get(SESSION)).json()["name"]
            return found

    with site_on_store(tmp_path) as site:
        asyncio.run(begin(site))
    with site_on_store(tmp_path) as site:
        assert asyncio.run(name(site)) == "watcher"
    replaced = {hashed("another token"): Person("watcher", Role.WATCH)}
    for people in (replaced, {}):
        with site_on_store(tmp_path, people=people) as site:
            assert asyncio.run(name(site)) is None
    with site_on_store(tmp_path) as site:
        assert asyncio.run(name(site)) == "watcher"


class _Pieces(httpx.AsyncByteStream):
    """A body without a length, and without an end."""

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        return b"x" * 4096


async def test_bodies_have_a_size(site: SiteOnStore) -> None:
    async with site.client(OPERATOR) as client:
        large = await client.post(SESSION, content=b"x" * 70_000)
        assert large.status_code == 413

        host = {"Host": "127.0.0.1:8480"}
        endless = httpx.Request("POST", f"{HERE}{SESSION}", headers=host, stream=_Pieces())
        assert (await client.send(endless)).status_code == 413
        promised = {"Content-Length": str(300 * 2**20)}
        early = await client.post("/api/v1/plans", content=b"", headers=promised)
        assert early.status_code == 413


async def test_problems_are_problem_details_and_repeat_nothing(site: SiteOnStore) -> None:
    canary = "Phantom^Canary"
    async with site.client() as client:
        answers = [
            await client.post(SESSION, json={"token": [canary]}),
            await client.get(f"/api/v1/{canary}"),
            await client.get("/api/v1/live/frame.png", params={"low": canary}),
        ]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        assert canary not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_first_start_names_a_person_once(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    token = first_person(folder, 'an "odd" name')
    assert token is not None
    assert first_person(folder, "another") is None
    assert (folder / "people.toml").stat().st_mode & 0o777 == 0o600
    assert token not in (folder / "people.toml").read_text()
    (person,) = read_people(folder).values()
    assert (person.name, person.role) == ('an "odd" name', "operate")


@pytest.mark.parametrize(
    "text",
    [
        "people = 1",
        "[people.a]\nrole = 'king'\ntoken_sha256 = '" + "0" * 64 + "'",
        "[people.a]\nrole = 'watch'\ntoken_sha256 = 'short'",
        "not toml",
        "".join(f"[people.{n}]\nrole = 'watch'\ntoken_sha256 = '{'0' * 64}'\n" for n in ("a", "b")),
    ],
)
def test_a_file_of_people_with_a_mistake_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "people.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"people\.toml"):
        read_people(tmp_path)
