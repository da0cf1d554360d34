"""Deliveries over the API: what the record holds, by its own names only."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gateway.app.deliver import deliver
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.settings import Settings
from tests.e2e.deliveries import unseen
from tests.web.site import WATCHER, SiteOnStore, site_on_store

API = "/api/v1/deliveries"
STUCK = "stuck-leaf:beam=1,bank=X2,leaf=30,from_cp=5"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteOnStore]:
    """A delivery that passed, and one that did not."""
    store = tmp_path_factory.mktemp("store")
    settings = Settings(store=store, operator="operator")
    plan = store / "plan.dcm"
    write_generated_plan("sliding-window", "truebeam-m120", 1, plan, settings)
    for faults in ((), (STUCK,)):
        request = Request(plan=plan, room="truebeam-m120", seed=11, faults=faults, beams=(1,))
        deliver(request, settings, unseen)
    with site_on_store(store) as made:
        yield made


async def _get(site: SiteOnStore, path: str, **parameters: object):
    async with site.client(WATCHER) as client:
        return await client.get(path, params=parameters)


async def _ids(site: SiteOnStore) -> list[str]:
    found = (await _get(site, API)).json()
    return [row["delivery_id"] for row in found["items"]]


async def test_the_history_is_searched_and_paged(site: SiteOnStore) -> None:
    both = (await _get(site, API)).json()
    assert both["total"] == 2
    assert [row["verdict"] for row in both["items"]] == ["fail", "pass"]  # newest first
    page = (await _get(site, API, limit=1, offset=1)).json()
    assert (page["total"], page["items"]) == (2, both["items"][1:])
    passed = both["items"][1]
    for words, wanted in [
        (passed["delivery_id"].upper(), 1),
        ("truebeam OPERATOR", 2),
        (passed["plan_uid"], 2),
        ("nothing-has-this", 0),
    ]:
        assert (await _get(site, API, search=words)).json()["total"] == wanted
    assert (await _get(site, API, verdict="fail")).json()["total"] == 1
    assert (await _get(site, API, verdict="none")).json()["total"] == 0


async def test_a_delivery_has_beams_errors_and_causes(site: SiteOnStore) -> None:
    failed, passed = await _ids(site)
    found = (await _get(site, f"{API}/{failed}")).json()
    assert found["causes"][0]["cause"] == "stuck-leaf"
    assert found["causes"][0]["leaf"] == 30
    assert found["beams"][0]["errors"]["MLCX"]["unit"] == "mm"
    assert found["beams"][0]["termination_status"] == "MACHINE"
    passed_one = (await _get(site, f"{API}/{passed}")).json()
    assert passed_one["causes"] == []
    assert passed_one["beams"][0]["termination_status"] == "NORMAL"


async def test_events_are_read_on_from_the_last(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    first = (await _get(site, f"{API}/{passed}/events", limit=4)).json()
    rest = (await _get(site, f"{API}/{passed}/events", after=first["last"])).json()
    kinds = [row["kind"] for row in (*first["items"], *rest["items"])]
    assert kinds[-1] == "verdict"
    assert "beam-end" in kinds
    assert len(kinds) == len({row["sequence"] for row in (*first["items"], *rest["items"])})
    end = next(row for row in rest["items"] if row["kind"] == "beam-end")
    assert end["body"]["termination_status"] == "NORMAL"
    assert (await _get(site, f"{API}/{passed}/events", after=rest["last"])).json()["items"] == []


async def test_telemetry_has_columns_with_units(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    path = f"{API}/{passed}/telemetry/1"
    whole = (await _get(site, path)).json()
    columns = {column["name"]: column for column in whole["columns"]}
    assert columns["gantry"]["unit"] == "deg"
    assert columns["MLCX_X1_01"]["unit"] == "mm"
    assert columns["meterset_mu"]["unit"] == "MU"
    assert columns["couch_vertical"]["unit"] == "mm"
    assert {len(column["values"]) for column in whole["columns"]} == {whole["samples"]}
    some = (await _get(site, path, every=10, columns="meterset_mu,MLCX_X2_60")).json()
    assert [column["name"] for column in some["columns"]] == ["meterset_mu", "MLCX_X2_60"]
    assert some["columns"][0]["values"] == columns["meterset_mu"]["values"][::10]
    async with site.client(WATCHER) as client:
        accept = {"Accept": "application/vnd.apache.parquet"}
        file = await client.get(path, headers=accept)
    table = pq.read_table(BytesIO(file.content))
    assert table.num_rows == whole["samples"]
    assert (await _get(site, path, columns="nonsense")).status_code == 422
    assert (await _get(site, f"{API}/{passed}/telemetry/9")).status_code == 404


async def test_errors_over_meterset_name_the_leaf(site: SiteOnStore) -> None:
    failed, _ = await _ids(site)
    found = (await _get(site, f"{API}/{failed}/errors/1")).json()
    points = len(found["meterset_mu"])
    assert {len(axis["values"]) for axis in found["axes"]} == {points}
    heat = found["leaves"][0]
    assert (heat["device"], heat["pairs"], len(heat["errors_mm"])) == ("MLCX", 60, 120)
    worst = [max(abs(one) for one in row if one is not None) for row in heat["errors_mm"]]
    assert worst.index(max(worst)) == 60 + 29
    # the matrix counts samples without dose too, the curve has one of each meterset
    assert max(map(abs, found["worst_leaf"][0]["values"])) == pytest.approx(max(worst), abs=0.1)
    assert (await _get(site, f"{API}/{failed}/errors/2")).status_code == 404


async def test_images_as_picture_and_as_dicom(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    (row,) = (await _get(site, f"{API}/{passed}/images")).json()["items"]
    assert (row["image"], row["beam"], row["frames"], row["unit"]) == (1, 1, 1, "CU")
    picture = await _get(site, f"{API}/{passed}/images/1.png", low=0.1, high=1.0)
    assert picture.content.startswith(b"\x89PNG")
    other = await _get(site, f"{API}/{passed}/images/1.png", low=0.5, high=0.6)
    assert other.content != picture.content
    dicom = await _get(site, f"{API}/{passed}/images/1.dcm")
    assert dicom.content[128:132] == b"DICM"
    assert dicom.headers["content-disposition"].startswith("attachment")
    for path, frame in (("images/2.png", 1), ("images/0.dcm", 1), ("images/1.png", 2)):
        assert (await _get(site, f"{API}/{passed}/{path}", frame=frame)).status_code == 404


async def test_every_file_can_be_had(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    rows = (await _get(site, f"{API}/{passed}/files")).json()["items"]
    names = {row["name"] for row in rows}
    assert {"plan.dcm", "summary.json", "report.pdf", "treatment_record.dcm"} <= names
    for row in rows:
        file = await _get(site, f"{API}/{passed}/files/{row['name']}")
        assert len(file.content) == row["bytes"]
        assert file.headers["content-type"] == row["media_type"]
        assert "sandbox" in file.headers["content-security-policy"]
        assert file.headers["content-disposition"].startswith("attachment")


async def test_a_file_comes_in_portions_where_they_are_asked_for(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    path = f"{API}/{passed}/files/plan.dcm"
    async with site.client(WATCHER) as client:
        whole = await client.get(path)
        answers = {
            wanted: await client.get(path, headers={"Range": wanted})
            for wanted in ("bytes=128-131", "bytes=99999999-", "bytes=all")
        }
        described = (await client.get("/api/v1/openapi.json")).json()["paths"]
    assert [one.status_code for one in answers.values()] == [206, 416, 400]
    assert answers["bytes=128-131"].content == whole.content[128:132] == b"DICM"
    operation = described["/api/v1/deliveries/{delivery_id}/files/{name}"]["get"]
    assert {"200", "206", "400", "416"} <= set(operation["responses"])


async def test_the_report_is_a_page_that_runs_nothing(site: SiteOnStore) -> None:
    _, passed = await _ids(site)
    report = await _get(site, f"{API}/{passed}/report")
    assert report.headers["content-type"].startswith("text/html")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


@pytest.mark.parametrize(
    "name",
    [
        "..%2F..%2Frecord.sqlite",
        "%2e%2e/%2e%2e/record.sqlite",
        "%2Fetc%2Fpasswd",
        "plan.dcm%00.txt",
        ".plan.dcm.new",
        "frames_beam_1.u16",
        "C:%5Cwindows",
    ],
)
async def test_only_names_of_the_record_are_files(site: SiteOnStore, name: str) -> None:
    _, passed = await _ids(site)
    (Path(site.assembled.index._settings.store) / "deliveries" / passed / "secret.txt").touch()
    for path in (f"{API}/{passed}/files/{name}", f"{API}/{name}/files/plan.dcm"):
        answer = await _get(site, path)
        assert answer.status_code in (404, 422)
    assert (await _get(site, f"{API}/{passed}/files/secret.txt")).status_code == 404


async def test_a_link_in_place_of_a_file_is_not_followed(site: SiteOnStore) -> None:
    failed, _ = await _ids(site)
    folder = Path(site.assembled.index._settings.store) / "deliveries" / failed
    (folder / "summary.json").rename(folder / "aside")
    (folder / "summary.json").symlink_to("/etc/passwd")
    answer = await _get(site, f"{API}/{failed}/files/summary.json")
    (folder / "summary.json").unlink()
    (folder / "aside").rename(folder / "summary.json")
    assert answer.status_code == 404


async def test_trends_tell_the_error_of_an_axis(site: SiteOnStore) -> None:
    found = (await _get(site, "/api/v1/trends", axis="MLCX")).json()
    assert found["unit"] == "mm"
    assert [point["verdict"] for point in found["points"]] == ["pass", "fail"]
    assert found["points"][0]["max"] < found["points"][1]["max"]
    assert "gantry" in found["axes"]
    assert (await _get(site, "/api/v1/trends", axis="none")).json()["points"] == []
    assert (await _get(site, "/api/v1/trends")).json()["axis"] == found["axes"][0]


async def test_a_store_without_deliveries_is_an_empty_history(tmp_path: Path) -> None:
    def empty() -> SiteOnStore:
        return made.enter_context(site_on_store(tmp_path))

    with ExitStack() as made:
        site = await asyncio.to_thread(empty)
        assert (await _get(site, API)).json()["total"] == 0
        assert (await _get(site, "/api/v1/trends")).json()["axes"] == []
        assert (await _get(site, "/api/v1/alarms")).json() == {"open": 0, "items": []}
        assert (await _get(site, f"{API}/D1")).status_code == 404
        await asyncio.to_thread(made.close)
