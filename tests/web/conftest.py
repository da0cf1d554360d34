"""A site on a store, of a simulated and of a real room, and a plan for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.generate import write_generated_plan
from gateway.settings import Settings
from tests.web.arc import arc_room
from tests.web.site import SiteOnStore, site_on_store


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
