"""A key is carried out once, whatever happens to its answer."""

import asyncio

import pytest

from tests.web.said import armed, get, post
from tests.web.site import SECOND, SiteOnStore


async def test_a_key_is_carried_out_once(site: SiteOnStore, plan: bytes) -> None:
    item = await armed(site, plan)
    first = await post(site, f"/queue/{item}/deliver", key="once")
    again = await post(site, f"/queue/{item}/deliver", key="once")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(site.said) == 1
    other = await post(site, f"/queue/{item}/deliver", {"a": 1}, key="once")
    assert other.status_code == 422
    other = await post(site, f"/queue/{item}", method="DELETE", key="once")
    assert other.status_code == 422
    theirs = await post(site, f"/queue/{item}/deliver", key="once", token=SECOND)
    assert theirs.status_code == 409  # another person's key is another key


async def test_two_at_once_with_one_key_are_one(site: SiteOnStore, plan: bytes) -> None:
    plan_id = (await post(site, "/plans", content=plan)).json()["plan_id"]
    answers = await asyncio.gather(
        *(post(site, "/queue", {"plan_id": plan_id}, key="same") for _ in range(5))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    (item,) = (await get(site, "/queue"))["items"]
    later = await post(site, "/queue", {"plan_id": plan_id}, key="same")
    assert (later.status_code, later.json()["item"]) == (201, item["item"])
    assert {one.content for one in answers if one.status_code == 201} <= {later.content}


async def test_two_deliveries_at_once_are_one_whatever_their_keys(
    site: SiteOnStore, plan: bytes
) -> None:
    item = await armed(site, plan)
    answers = await asyncio.gather(*(post(site, f"/queue/{item}/deliver") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    assert len(site.said) == 1


async def test_a_command_that_was_lost_is_not_carried_out_again(
    site: SiteOnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = site.assembled.parts.ledger
    monkeypatch.setattr(ledger, "answered", lambda *_: None)  # as if the process had ended
    monkeypatch.setattr("gateway.app.web.request_queue.ANSWER_S", 0.0)
    first = await post(site, "/room/hold", {"delivery_id": "D1"}, key="lost")
    assert first.status_code == 202
    again = await post(site, "/room/hold", {"delivery_id": "D1"}, key="lost")
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
        answer = await post(site, "/queue", body, key="failing")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert canary not in answer.text
    assert len(calls) == 1
    assert "RuntimeError" in caplog.text
    assert canary not in caplog.text
