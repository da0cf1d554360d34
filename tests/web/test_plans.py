"""Plans that people bring, and those made for them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.web.said import get, post
from tests.web.site import SECOND, SiteOnStore


async def test_a_plan_is_known_by_its_bytes(site: SiteOnStore, plan: bytes) -> None:
    first = await post(site, "/plans", content=plan)
    assert first.status_code == 201
    row = first.json()
    assert row["plan_id"] == sha256(plan).hexdigest()
    assert row["deliverable"] is True
    assert row["beams"][0]["duration_s"] > 0
    again = await post(site, "/plans", content=plan, token=SECOND)
    assert again.json() == row
    assert (await get(site, "/plans"))["items"] == [row]
    assert await get(site, f"/plans/{row['plan_id']}") == row


async def test_a_plan_can_be_made(site: SiteOnStore) -> None:
    made = await post(site, "/plans/generated", {"technique": "open-field"})
    assert made.status_code == 201
    assert made.json()["deliverable"] is True
    for body in (
        {"technique": "nonsense"},
        {"technique": "vmat", "machine": "nonsense"},
        {"technique": "electron", "machine": "halcyon"},
    ):
        assert (await post(site, "/plans/generated", body)).status_code == 422


@pytest.mark.parametrize("content", [b"", b"not dicom", b"\0" * 132 + b"DICM" + b"\xff" * 40])
async def test_what_is_no_plan_is_refused(site: SiteOnStore, content: bytes) -> None:
    refused = await post(site, "/plans", content=content)
    assert refused.status_code == 422
    assert "/" not in refused.json()["detail"]
    assert (await get(site, "/plans"))["items"] == []
    folder = site.assembled.database.root / "plans"
    assert list(folder.glob("*")) == [] if folder.exists() else True


async def test_a_plan_of_another_machine_is_kept_and_not_proposed(
    site: SiteOnStore, tmp_path: Path
) -> None:
    made = await post(site, "/plans/generated", {"technique": "vmat", "machine": "halcyon"})
    row = made.json()
    assert row["deliverable"] is False
    assert "error" in {finding["severity"] for finding in row["findings"]}
    assert (await post(site, "/queue", {"plan_id": row["plan_id"]})).status_code == 409


@pytest.mark.parametrize("body", [{"beams": [9]}, {"fraction_group": 7}, {"cine_fps": 900}])
async def test_a_request_that_does_not_fit_the_plan_is_refused(
    site: SiteOnStore, plan: bytes, body: dict[str, Any]
) -> None:
    plan_id = (await post(site, "/plans", content=plan)).json()["plan_id"]
    assert (await post(site, "/queue", {"plan_id": plan_id, **body})).status_code == 422
