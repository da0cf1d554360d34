"""Plans, queue, arming, commands and alarms: each carried out once, by whom it may be."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.web.backend import Stored
from gateway.adapters.webstore.database import DATABASE
from gateway.app.generate import write_generated_plan
from gateway.app.web.arming import ARMED_S, Arming
from gateway.domain.errors import StoreError
from gateway.settings import Settings
from tests.web.arc import arc_room
from tests.web.site import HERE, OPERATOR, SECOND, WATCHER, SiteOnStore, site_on_store

API = "/api/v1"
_keys = iter(range(10**6))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteOnStore]:
    with site_on_store(tmp_path / "store") as made:
        yield made


@pytest.fixture
def real_room(tmp_path: Path) -> Iterator[SiteOnStore]:
    with site_on_store(tmp_path / "store", room=replace(arc_room(), simulated=False)) as made:
        yield made


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("plan") / "plan.dcm"
    write_generated_plan("open-field", "truebeam-m120", 1, path, Settings())
    return path.read_bytes()


async def _post(
    site: SiteOnStore,
    path: str,
    body: Any = None,
    *,
    token: str = OPERATOR,
    key: str | None = None,
    content: bytes | None = None,
    method: str = "POST",
) -> httpx.Response:
    headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
    if content is not None:
        headers["Content-Type"] = "application/dicom"
    async with site.client(token) as client:
        return await client.request(
            method, f"{API}{path}", json=body, content=content, headers=headers
        )


async def _get(site: SiteOnStore, path: str) -> Any:
    async with site.client(WATCHER) as client:
        return (await client.get(f"{API}{path}")).json()


async def _proposed(site: SiteOnStore, plan: bytes) -> dict[str, Any]:
    added = (await _post(site, "/plans", content=plan)).json()
    made = await _post(site, "/queue", {"plan_id": added["plan_id"]})
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


async def _armed(site: SiteOnStore, plan: bytes) -> str:
    one = await _proposed(site, plan)
    step = {"armed_step": one["arming_code"]}
    armed = await _post(site, f"/queue/{one['item']}/arm", step)
    assert armed.json()["state"] == "armed"
    return str(one["item"])


async def test_a_plan_is_known_by_its_bytes(site: SiteOnStore, plan: bytes) -> None:
    first = await _post(site, "/plans", content=plan)
    assert first.status_code == 201
    row = first.json()
    assert row["plan_id"] == sha256(plan).hexdigest()
    assert row["deliverable"] is True
    assert row["beams"][0]["duration_s"] > 0
    again = await _post(site, "/plans", content=plan, token=SECOND)
    assert again.json() == row
    assert (await _get(site, "/plans"))["items"] == [row]
    assert await _get(site, f"/plans/{row['plan_id']}") == row


async def test_a_plan_can_be_made(site: SiteOnStore) -> None:
    made = await _post(site, "/plans/generated", {"technique": "open-field"})
    assert made.status_code == 201
    assert made.json()["deliverable"] is True
    for body in (
        {"technique": "nonsense"},
        {"technique": "vmat", "machine": "nonsense"},
        {"technique": "electron", "machine": "halcyon"},
    ):
        assert (await _post(site, "/plans/generated", body)).status_code == 422


@pytest.mark.parametrize("content", [b"", b"not dicom", b"\0" * 132 + b"DICM" + b"\xff" * 40])
async def test_what_is_no_plan_is_refused(site: SiteOnStore, content: bytes) -> None:
    refused = await _post(site, "/plans", content=content)
    assert refused.status_code == 422
    assert "/" not in refused.json()["detail"]
    assert (await _get(site, "/plans"))["items"] == []
    folder = site.assembled.database.root / "plans"
    assert list(folder.glob("*")) == [] if folder.exists() else True


async def test_a_plan_of_another_machine_is_kept_and_not_proposed(
    site: SiteOnStore, tmp_path: Path
) -> None:
    made = await _post(site, "/plans/generated", {"technique": "vmat", "machine": "halcyon"})
    row = made.json()
    assert row["deliverable"] is False
    assert "error" in {finding["severity"] for finding in row["findings"]}
    assert (await _post(site, "/queue", {"plan_id": row["plan_id"]})).status_code == 409


async def test_an_item_goes_from_proposed_to_delivered(site: SiteOnStore, plan: bytes) -> None:
    item = await _armed(site, plan)
    answer = await _post(site, f"/queue/{item}/deliver")
    assert (answer.status_code, answer.json()["state"]) == (202, "delivering")
    (line,) = site.said
    command = line["command"]
    assert (command["do"], command["key"], command["by"]) == ("deliver", item, ["operator"])
    assert await asyncio.to_thread(Path(command["plan"]).read_bytes) == plan
    assert command["plan_sha256"] == sha256(plan).hexdigest()
    queue = site.assembled.queue
    await asyncio.to_thread(queue.answered, {"key": item, "status": "accepted", "text": ""})
    assert (await _get(site, f"/queue/{item}"))["state"] == "delivering"
    done = {"key": item, "status": "done", "text": "", "delivery_id": "D1"}
    await asyncio.to_thread(queue.answered, done)
    found = await _get(site, f"/queue/{item}")
    assert (found["state"], found["delivery_id"]) == ("delivered", "D1")
    again = await _post(site, f"/queue/{item}/deliver")
    assert again.status_code == 409
    assert len(site.said) == 1


async def test_a_refusal_is_told(site: SiteOnStore, plan: bytes) -> None:
    item = await _armed(site, plan)
    await _post(site, f"/queue/{item}/deliver")
    refused = {"key": item, "status": "refused", "text": "the plan is blocked"}
    await asyncio.to_thread(site.assembled.queue.answered, refused)
    found = await _get(site, f"/queue/{item}")
    assert (found["state"], found["reason"]) == ("refused", "the plan is blocked")


async def test_what_is_not_armed_is_not_delivered(site: SiteOnStore, plan: bytes) -> None:
    one = await _proposed(site, plan)
    path = f"/queue/{one['item']}"
    assert (await _post(site, f"{path}/deliver")).status_code == 409
    for code in ("0000", "\u1254\U000b197d", " "):
        wrong = await _post(site, f"{path}/arm", {"armed_step": code})
        assert wrong.status_code == 409
    after = await _get(site, path)
    assert after["arming_code"] != one["arming_code"]  # a code is tried once
    assert (await _post(site, f"{path}/deliver")).status_code == 409
    assert site.said == []


async def test_nothing_is_delivered_while_the_room_is_busy(site: SiteOnStore, plan: bytes) -> None:
    item = await _armed(site, plan)
    site.assembled.parts.control.busy = True
    assert (await _post(site, f"/queue/{item}/deliver")).status_code == 409
    site.assembled.parts.control.busy = False
    assert (await _post(site, f"/queue/{item}/deliver")).status_code == 202


async def test_in_a_real_room_another_person_arms(real_room: SiteOnStore, plan: bytes) -> None:
    one = await _proposed(real_room, plan)
    step = {"armed_step": one["arming_code"]}
    own = await _post(real_room, f"/queue/{one['item']}/arm", step)
    assert own.status_code == 403
    assert (await _get(real_room, "/queue"))["two_people"] is True
    other = await _post(real_room, f"/queue/{one['item']}/arm", step, token=SECOND)
    assert (other.status_code, other.json()["armed_by"]) == (200, "second")
    await _post(real_room, f"/queue/{one['item']}/deliver")
    assert real_room.said[0]["command"]["by"] == ["operator", "second"]


async def test_an_item_can_be_withdrawn_until_it_is_delivered(
    site: SiteOnStore, plan: bytes
) -> None:
    item = await _armed(site, plan)
    gone = await _post(site, f"/queue/{item}", method="DELETE")
    assert gone.json()["state"] == "withdrawn"
    assert (await _post(site, f"/queue/{item}/deliver")).status_code == 409
    assert (await _post(site, f"/queue/{item}", method="DELETE")).status_code == 409


def test_what_is_armed_is_so_for_a_minute_and_for_one_delivery() -> None:
    now_s = 0.0
    arming = Arming(lambda: now_s)
    assert arming.arm("a", arming.code("a").lower(), "somebody")
    now_s = ARMED_S - 1
    assert arming.armed("a") is not None
    assert arming.take("a") is not None
    assert arming.take("a") is None
    assert arming.arm("a", arming.code("a"), "somebody")
    now_s += ARMED_S
    assert arming.take("a") is None


def test_a_restart_disarms_and_delivers_nothing(tmp_path: Path, plan: bytes) -> None:
    with site_on_store(tmp_path) as site:
        item = asyncio.run(_armed(site, plan))
    with site_on_store(tmp_path) as site:
        assert asyncio.run(_get(site, f"/queue/{item}"))["state"] == "proposed"
        assert asyncio.run(_post(site, f"/queue/{item}/deliver")).status_code == 409


async def test_a_lost_service_refuses_the_item(
    site: SiteOnStore, plan: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await _armed(site, plan)

    def gone(_line: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(site.assembled.line, "_tell", gone)
    assert (await _post(site, f"/queue/{item}/deliver")).status_code == 503
    assert (await _get(site, f"/queue/{item}"))["state"] == "refused"


@pytest.mark.parametrize("body", [{"beams": [9]}, {"fraction_group": 7}, {"cine_fps": 900}])
async def test_a_request_that_does_not_fit_the_plan_is_refused(
    site: SiteOnStore, plan: bytes, body: dict[str, Any]
) -> None:
    plan_id = (await _post(site, "/plans", content=plan)).json()["plan_id"]
    assert (await _post(site, "/queue", {"plan_id": plan_id, **body})).status_code == 422


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
    done = await _post(site, f"/room/{do}", {"delivery_id": "D1"})
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
    answer = await _post(site, "/room/abort", {"delivery_id": "D1"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "no such")
    monkeypatch.setattr(line, "_tell", lambda _: None)
    monkeypatch.setattr("gateway.app.web.request_queue.ANSWER_S", 0.0)
    assert (await _post(site, "/room/abort", {"delivery_id": "D1"})).json()["status"] == "sent"


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
    url, key = f"{API}{path}", {"Idempotency-Key": f"key-{next(_keys)}"}
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
    url, key = f"{API}{path}", {"Idempotency-Key": f"key-{next(_keys)}"}
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


async def test_a_key_is_carried_out_once(site: SiteOnStore, plan: bytes) -> None:
    item = await _armed(site, plan)
    first = await _post(site, f"/queue/{item}/deliver", key="once")
    again = await _post(site, f"/queue/{item}/deliver", key="once")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(site.said) == 1
    other = await _post(site, f"/queue/{item}/deliver", {"a": 1}, key="once")
    assert other.status_code == 422
    other = await _post(site, f"/queue/{item}", method="DELETE", key="once")
    assert other.status_code == 422
    theirs = await _post(site, f"/queue/{item}/deliver", key="once", token=SECOND)
    assert theirs.status_code == 409  # another person's key is another key


async def test_two_at_once_with_one_key_are_one(site: SiteOnStore, plan: bytes) -> None:
    plan_id = (await _post(site, "/plans", content=plan)).json()["plan_id"]
    answers = await asyncio.gather(
        *(_post(site, "/queue", {"plan_id": plan_id}, key="same") for _ in range(5))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    (item,) = (await _get(site, "/queue"))["items"]
    later = await _post(site, "/queue", {"plan_id": plan_id}, key="same")
    assert (later.status_code, later.json()["item"]) == (201, item["item"])
    assert {one.content for one in answers if one.status_code == 201} <= {later.content}


async def test_two_deliveries_at_once_are_one_whatever_their_keys(
    site: SiteOnStore, plan: bytes
) -> None:
    item = await _armed(site, plan)
    answers = await asyncio.gather(*(_post(site, f"/queue/{item}/deliver") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    assert len(site.said) == 1


async def test_a_command_that_was_lost_is_not_carried_out_again(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = site.assembled.parts.ledger
    monkeypatch.setattr(ledger, "answered", lambda *_: None)  # as if the process had ended
    monkeypatch.setattr("gateway.app.web.request_queue.ANSWER_S", 0.0)
    first = await _post(site, "/room/hold", {"delivery_id": "D1"}, key="lost")
    assert first.status_code == 202
    again = await _post(site, "/room/hold", {"delivery_id": "D1"}, key="lost")
    assert (again.status_code, len(site.said)) == (409, 1)
    assert "look how things stand" in again.json()["detail"]


async def test_a_fault_is_answered_without_its_words_and_once(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "Phantom^Canary"
    calls = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise RuntimeError(canary)

    monkeypatch.setattr(site.assembled.queue, "propose", fail)
    body = {"plan_id": "0" * 64}
    for _ in range(2):
        answer = await _post(site, "/queue", body, key="failing")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert canary not in answer.text
    assert len(calls) == 1
    assert "RuntimeError" in caplog.text
    assert canary not in caplog.text


async def test_a_database_that_fails_carries_nothing_out(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Stored:
        raise StoreError("the disk is full")

    monkeypatch.setattr(site.assembled.parts.ledger, "begin", fail)
    answer = await _post(site, "/room/resume", {"delivery_id": "D1"})
    assert answer.status_code == 503
    assert site.said == []


@pytest.mark.parametrize("do", ["hold", "abort"])
async def test_no_disk_keeps_a_beam_on(
    site: SiteOnStore, do: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Stored:
        raise StoreError("the disk is full")

    _answer_at_once(site, monkeypatch)
    with monkeypatch.context() as full:
        full.setattr(site.assembled.parts.ledger, "begin", fail)
        answer = await _post(site, f"/room/{do}", {"delivery_id": "D1"})
        assert (answer.status_code, answer.json()["status"]) == (202, "done")
    monkeypatch.setattr(site.assembled.parts.ledger, "answered", fail)
    answer = await _post(site, f"/room/{do}", {"delivery_id": "D1"}, key="kept")
    assert answer.status_code == 202
    assert [line["command"]["do"] for line in site.said] == [do, do]
    again = await _post(site, f"/room/{do}", {"delivery_id": "D1"}, key="kept")
    assert (again.status_code, len(site.said)) == (409, 2)  # replayed


async def test_a_database_that_somebody_else_writes_keeps_no_beam_on(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer_at_once(site, monkeypatch)
    with closing(sqlite3.connect(site.assembled.database.root / DATABASE)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await _post(site, "/room/abort", {"delivery_id": "D1"})
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
    _answer_at_once(site, monkeypatch)
    asked = [asyncio.create_task(_get(site, "/plans")) for _ in range(60)]
    for _ in range(20):
        await asyncio.to_thread(waiting.acquire)
    answer = await _post(site, "/room/abort", {"delivery_id": "D1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "done")
    assert not any(task.done() for task in asked)
    slow.set()
    await asyncio.gather(*asked)


def _answer_at_once(site: SiteOnStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """``serve`` does what it is asked for."""
    line = site.assembled.line

    def answered(said: dict[str, Any]) -> None:
        site.said.append(said)
        line.answered({"key": said["command"]["key"], "status": "done", "text": ""})

    monkeypatch.setattr(line, "_tell", answered)


def test_an_answer_that_was_missed_is_asked_for(tmp_path: Path, plan: bytes) -> None:
    """The web's process was away when it came: nothing stays as if it were delivered still."""
    with site_on_store(tmp_path) as site:
        item = asyncio.run(_armed(site, plan))
        asyncio.run(_post(site, f"/queue/{item}/deliver"))
    with site_on_store(tmp_path) as site:
        queue = site.assembled.queue
        queue.recall()
        assert site.said == [{"command": {"key": item, "do": "recall", "by": []}}]
        queue.answered({"key": item, "status": "refused", "text": "started again"})
        found = asyncio.run(_get(site, f"/queue/{item}"))
        assert (found["state"], found["reason"]) == ("refused", "started again")
        queue.recall()
        assert len(site.said) == 1
