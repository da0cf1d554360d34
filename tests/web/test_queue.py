"""From proposed to delivered: armed by whom it may be, delivered once."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.app.web.arming import ARMED_S, Arming
from tests.web.said import armed, get, post, proposed
from tests.web.site import SECOND, SiteOnStore, site_on_store


async def test_an_item_goes_from_proposed_to_delivered(site: SiteOnStore, plan: bytes) -> None:
    item = await armed(site, plan)
    answer = await post(site, f"/queue/{item}/deliver")
    assert (answer.status_code, answer.json()["state"]) == (202, "delivering")
    (line,) = site.said
    command = line["command"]
    assert (command["do"], command["key"], command["by"]) == ("deliver", item, ["operator"])
    assert await asyncio.to_thread(Path(command["plan"]).read_bytes) == plan
    assert command["plan_sha256"] == sha256(plan).hexdigest()
    queue = site.assembled.queue
    await asyncio.to_thread(queue.answered, {"key": item, "status": "accepted", "text": ""})
    assert (await get(site, f"/queue/{item}"))["state"] == "delivering"
    done = {"key": item, "status": "done", "text": "", "delivery_id": "D1"}
    await asyncio.to_thread(queue.answered, done)
    found = await get(site, f"/queue/{item}")
    assert (found["state"], found["delivery_id"]) == ("delivered", "D1")
    again = await post(site, f"/queue/{item}/deliver")
    assert again.status_code == 409
    assert len(site.said) == 1


async def test_a_refusal_is_told(site: SiteOnStore, plan: bytes) -> None:
    item = await armed(site, plan)
    await post(site, f"/queue/{item}/deliver")
    refused = {"key": item, "status": "refused", "text": "the plan is blocked"}
    await asyncio.to_thread(site.assembled.queue.answered, refused)
    found = await get(site, f"/queue/{item}")
    assert (found["state"], found["reason"]) == ("refused", "the plan is blocked")


async def test_what_is_not_armed_is_not_delivered(site: SiteOnStore, plan: bytes) -> None:
    one = await proposed(site, plan)
    path = f"/queue/{one['item']}"
    assert (await post(site, f"{path}/deliver")).status_code == 409
    for code in ("0000", "\u1254\U000b197d", " "):
        wrong = await post(site, f"{path}/arm", {"armed_step": code})
        assert wrong.status_code == 409
    after = await get(site, path)
    assert after["arming_code"] != one["arming_code"]  # a code is tried once
    assert (await post(site, f"{path}/deliver")).status_code == 409
    assert site.said == []


async def test_nothing_is_delivered_while_the_room_is_busy(site: SiteOnStore, plan: bytes) -> None:
    item = await armed(site, plan)
    site.assembled.parts.control.busy = True
    assert (await post(site, f"/queue/{item}/deliver")).status_code == 409
    site.assembled.parts.control.busy = False
    assert (await post(site, f"/queue/{item}/deliver")).status_code == 202


async def test_in_a_real_room_another_person_arms(real_room: SiteOnStore, plan: bytes) -> None:
    one = await proposed(real_room, plan)
    step = {"armed_step": one["arming_code"]}
    own = await post(real_room, f"/queue/{one['item']}/arm", step)
    assert own.status_code == 403
    assert (await get(real_room, "/queue"))["two_people"] is True
    other = await post(real_room, f"/queue/{one['item']}/arm", step, token=SECOND)
    assert (other.status_code, other.json()["armed_by"]) == (200, "second")
    await post(real_room, f"/queue/{one['item']}/deliver")
    assert real_room.said[0]["command"]["by"] == ["operator", "second"]


async def test_an_item_can_be_withdrawn_until_it_is_delivered(
    site: SiteOnStore, plan: bytes
) -> None:
    item = await armed(site, plan)
    gone = await post(site, f"/queue/{item}", method="DELETE")
    assert gone.json()["state"] == "withdrawn"
    assert (await post(site, f"/queue/{item}/deliver")).status_code == 409
    assert (await post(site, f"/queue/{item}", method="DELETE")).status_code == 409


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
        item = asyncio.run(armed(site, plan))
    with site_on_store(tmp_path) as site:
        assert asyncio.run(get(site, f"/queue/{item}"))["state"] == "proposed"
        assert asyncio.run(post(site, f"/queue/{item}/deliver")).status_code == 409


async def test_a_lost_service_refuses_the_item(
    site: SiteOnStore, plan: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await armed(site, plan)

    def gone(_line: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(site.assembled.line, "_tell", gone)
    assert (await post(site, f"/queue/{item}/deliver")).status_code == 503
    assert (await get(site, f"/queue/{item}"))["state"] == "refused"


def test_an_answer_that_was_missed_is_asked_for(tmp_path: Path, plan: bytes) -> None:
    """The web's process was away when it came: nothing stays as if it were delivered still."""
    with site_on_store(tmp_path) as site:
        item = asyncio.run(armed(site, plan))
        asyncio.run(post(site, f"/queue/{item}/deliver"))
    with site_on_store(tmp_path) as site:
        queue = site.assembled.queue
        queue.recall()
        assert site.said == [{"command": {"key": item, "do": "recall", "by": []}}]
        queue.answered({"key": item, "status": "refused", "text": "started again"})
        found = asyncio.run(get(site, f"/queue/{item}"))
        assert (found["state"], found["reason"]) == ("refused", "started again")
        queue.recall()
        assert len(site.said) == 1
