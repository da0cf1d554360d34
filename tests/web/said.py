"""What people say to the site over its API."""

from typing import Any

import httpx
import pytest

from tests.web.site import OPERATOR, WATCHER, SiteOnStore

API = "/api/v1"
keys = iter(range(10**6))


async def post(
    site: SiteOnStore,
    path: str,
    body: Any = None,
    *,
    token: str = OPERATOR,
    key: str | None = None,
    content: bytes | None = None,
    method: str = "POST",
) -> httpx.Response:
    headers = {"Idempotency-Key": key or f"key-{next(keys)}"}
    if content is not None:
        headers["Content-Type"] = "application/dicom"
    async with site.client(token) as client:
        return await client.request(
            method, f"{API}{path}", json=body, content=content, headers=headers
        )


async def get(site: SiteOnStore, path: str) -> Any:
    async with site.client(WATCHER) as client:
        return (await client.get(f"{API}{path}")).json()


async def proposed(site: SiteOnStore, plan: bytes) -> dict[str, Any]:
    added = (await post(site, "/plans", content=plan)).json()
    made = await post(site, "/queue", {"plan_id": added["plan_id"]})
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


async def armed(site: SiteOnStore, plan: bytes) -> str:
    one = await proposed(site, plan)
    step = {"armed_step": one["arming_code"]}
    answer = await post(site, f"/queue/{one['item']}/arm", step)
    assert answer.json()["state"] == "armed"
    return str(one["item"])


def answer_at_once(site: SiteOnStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """``serve`` does what it is asked for."""
    line = site.assembled.line

    def answered(said: dict[str, Any]) -> None:
        site.said.append(said)
        line.answered({"key": said["command"]["key"], "status": "done", "text": ""})

    monkeypatch.setattr(line, "_tell", answered)
