"""Commands are carried out for whom they may be, and no disk or queue keeps a beam on."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest

from gateway.adapters.web.backend import Stored
from gateway.adapters.webstore.database import DATABASE
from gateway.domain.errors import StoreError
from tests.web.said import API, answer_at_once, get, keys, post
from tests.web.site import HERE, OPERATOR, WATCHER, SiteOnStore


@pytest.mark.parametrize("do", ["hold", "resume", "abort"])
async def test_a_command_names_its_delivery_and_waits_for_the_answer(
    site: SiteOnStore, do: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = site.assembled.line

    def answered(said: dict[str, Any]) -> None:
        site.said.append(said)
        answer = {"key": said["command"]["key"], "status": "accepted", "text": "it is held"}
        line.answered(answer)

    monkeypatch.setattr(line, "_tell", answered)
    done = await post(site, f"/room/{do}", {"delivery_id": "D1"})
    assert (done.status_code, done.json()) == (202, {"status": "accepted", "text": "it is held"})
    command = site.said[0]["command"]
    assert (command["do"], command["delivery_id"], command["by"]) == (do, "D1", ["operator"])


async def test_a_command_that_the_room_refuses_is_a_conflict(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = site.assembled.line

    def refused(said: dict[str, Any]) -> None:
        line.answered({"key": said["command"]["key"], "status": "refused", "text": "no such"})

    monkeypatch.setattr(line, "_tell", refused)
    answer = await post(site, "/room/abort", {"delivery_id": "D1"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "no such")
    monkeypatch.setattr(line, "_tell", lambda _: None)
    monkeypatch.setattr("gateway.app.web.request_queue.ANSWER_S", 0.0)
    assert (await post(site, "/room/abort", {"delivery_id": "D1"})).json()["status"] == "sent"


COMMANDS = [
    ("POST", "/plans"),
    ("POST", "/plans/generated"),
    ("POST", "/queue"),
    ("POST", "/queue/w-1/arm"),
    ("POST", "/queue/w-1/deliver"),
    ("DELETE", "/queue/w-1"),
    ("POST", "/room/hold"),
    ("POST", "/room/resume"),
    ("POST", "/room/abort"),
    ("POST", "/alarms/1/acknowledge"),
]


@pytest.mark.parametrize(("method", "path"), COMMANDS)
async def test_commands_are_for_those_who_may(site: SiteOnStore, method: str, path: str) -> None:
    url, key = f"{API}{path}", {"Idempotency-Key": f"key-{next(keys)}"}
    async with site.client() as client:
        assert (await client.request(method, url, headers=key)).status_code == 401
        begun = await client.post(f"{API}/session", json={"token": OPERATOR})
        assert (await client.request(method, url, headers=key)).status_code == 403
        with_word = key | {"X-CSRF-Token": begun.json()["csrf"]}
        foreign = with_word | {"Origin": "http://evil.example"}
        assert (await client.request(method, url, headers=foreign)).status_code == 403
        own = with_word | {"Origin": HERE}
        assert (await client.request(method, url, headers=own)).status_code in (404, 409, 422)
    async with site.client(WATCHER) as client:
        assert (await client.request(method, url, headers=key)).status_code == 403
    async with site.client(OPERATOR) as client:
        assert (await client.request(method, url)).status_code == 400  # no key
    assert site.said == []


@pytest.mark.parametrize(("method", "path"), COMMANDS)
async def test_no_command_comes_from_elsewhere(site: SiteOnStore, method: str, path: str) -> None:
    """A token does not help a page of another origin, a name turned here, or a wrong word."""
    url, key = f"{API}{path}", {"Idempotency-Key": f"key-{next(keys)}"}
    async with site.client(OPERATOR) as client:
        for headers, status in (
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Host": "evil.example"}, 421),
            ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ):
            answer = await client.request(method, url, headers=key | headers)
            assert answer.status_code == status
    for value in ("Bearer wrong", "Bearer", "Basic b3BlcmF0b3I6eA=="):
        async with site.client() as client:
            wrong = key | {"Authorization": value}
            assert (await client.request(method, url, headers=wrong)).status_code == 401
    for token, word, status in ((OPERATOR, "another", 403), (WATCHER, None, 403)):
        async with site.client() as client:
            begun = await client.post(f"{API}/session", json={"token": token})
            said = key | {"X-CSRF-Token": word or begun.json()["csrf"], "Origin": HERE}
            assert (await client.request(method, url, headers=said)).status_code == status
    assert site.said == []


async def test_a_database_that_fails_carries_nothing_out(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Stored:
        raise StoreError("the disk is full")

    monkeypatch.setattr(site.assembled.parts.ledger, "begin", fail)
    answer = await post(site, "/room/resume", {"delivery_id": "D1"})
    assert answer.status_code == 503
    assert site.said == []


@pytest.mark.parametrize("do", ["hold", "abort"])
async def test_no_disk_keeps_a_beam_on(
    site: SiteOnStore, do: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Stored:
        raise StoreError("the disk is full")

    answer_at_once(site, monkeypatch)
    with monkeypatch.context() as full:
        full.setattr(site.assembled.parts.ledger, "begin", fail)
        answer = await post(site, f"/room/{do}", {"delivery_id": "D1"})
        assert (answer.status_code, answer.json()["status"]) == (202, "done")
    monkeypatch.setattr(site.assembled.parts.ledger, "answered", fail)
    answer = await post(site, f"/room/{do}", {"delivery_id": "D1"}, key="kept")
    assert answer.status_code == 202
    assert [line["command"]["do"] for line in site.said] == [do, do]
    again = await post(site, f"/room/{do}", {"delivery_id": "D1"}, key="kept")
    assert (again.status_code, len(site.said)) == (409, 2)  # replayed


async def test_a_database_that_somebody_else_writes_keeps_no_beam_on(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_at_once(site, monkeypatch)
    with closing(sqlite3.connect(site.assembled.database.root / DATABASE)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await post(site, "/room/abort", {"delivery_id": "D1"})
        assert (answer.status_code, answer.json()["status"]) == (202, "done")
        other.rollback()


async def test_an_abort_waits_for_no_other_request(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the server works on at once, and more, wait for something slow."""
    slow, waiting = threading.Event(), threading.Semaphore(0)

    def wait(*_: object) -> dict[str, Any]:
        waiting.release()
        slow.wait(60.0)
        return {"items": [], "techniques": []}

    monkeypatch.setattr(site.assembled.parts.plans, "plans", wait)
    answer_at_once(site, monkeypatch)
    asked = [asyncio.create_task(get(site, "/plans")) for _ in range(60)]
    for _ in range(20):
        await asyncio.to_thread(waiting.acquire)
    answer = await post(site, "/room/abort", {"delivery_id": "D1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "done")
    assert not any(task.done() for task in asked)
    slow.set()
    await asyncio.gather(*asked)
