"""schemathesis over the API's description: every answer is described, none is a server's error."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from schemathesis.core.failures import FailureGroup

from gateway.formats.live_feed import LiveFrame
from tests.web.arc import Arc, arc_room
from tests.web.described import Asked
from tests.web.known import CANARY, Known, delivered_store
from tests.web.site import SiteOnStore, site_on_store

ANSWERS = ("accepted", "done", "refused")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("store")
    delivered_store(made)
    return made


@pytest.fixture
def site(store: Path) -> Iterator[SiteOnStore]:
    with site_on_store(store) as made:
        _answer_at_once(made)
        _show_a_frame(made, store)
        yield made


def test_every_answer_is_described_and_none_is_a_servers_error(
    site: SiteOnStore, store: Path
) -> None:
    asked = _asked(site, store)
    asked.ask(8)
    _require_all_found(asked)
    assert asked.cases >= 450


@pytest.mark.soak
def test_five_thousand_cases(site: SiteOnStore, store: Path) -> None:
    asked = _asked(site, store)
    asked.ask(90, fresh=True)
    _require_all_found(asked)
    assert asked.cases >= 5_000


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ((), {"418": {"description": "a teapot"}}),
        (("200", "content"), {"text/plain": {}}),
        (
            ("200", "content", "application/json", "schema"),
            {"type": "object", "required": ["n"]},
        ),
    ],
)
def test_a_description_that_is_wrong_is_found(
    site: SiteOnStore, store: Path, where: tuple[str, ...], wrong: dict[str, Any]
) -> None:
    """Of a status, a media type, a body: the cases above could fail."""
    description = copy.deepcopy(site.app.openapi())
    place = description["paths"]["/api/v1/queue"]["get"]["responses"]
    for name in where:
        place = place[name]
    place.clear()
    place.update(wrong)
    with pytest.raises(FailureGroup):
        _asked(site, store, description).ask(3)


def _asked(site: SiteOnStore, store: Path, description: Mapping[str, Any] | None = None) -> Asked:
    known = Known(site, store / "open-field.dcm")
    return Asked(site, known, (CANARY, str(store)), description)


def _require_all_found(asked: Asked) -> None:
    """Every operation did what it is for, at least once: the cases do not only see refusals."""
    done = {label for label, status in asked.answers if status < 300}
    assert {operation.label for operation in asked.operations()} - done == set()


def _answer_at_once(site: SiteOnStore) -> None:
    """The service that owns the room says one thing or another to every command."""
    line, queue = site.assembled.line, site.assembled.queue

    def answer(said: Mapping[str, Any]) -> None:
        site.said.append(said)
        command = said["command"]
        status = ANSWERS[len(site.said) % len(ANSWERS)]
        told = {"key": command["key"], "status": status, "text": "so it is", "delivery_id": "D1"}
        if command["do"] == "deliver":
            queue.answered(told)
        else:
            line.answered(told)

    line._tell = answer  # type: ignore[method-assign, assignment]  # in place of the room's service


def _show_a_frame(site: SiteOnStore, folder: Path) -> None:
    updates = site.assembled.parts.updates
    updates.set_connected(True)
    groups = Arc(arc_room(), folder).groups()
    updates.take(next(one for group in groups for one in group if isinstance(one, LiveFrame)))
