"""``linac-gateway worklist``: what is listed, asked for and followed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.nodestore.steps import Phase
from gateway.app.node.lock import only_service
from gateway.app.node.worklist import (
    follow_step,
    full_name,
    list_worklist,
    no_name,
    station_of,
    want_step,
)
from gateway.cli import node_worklist
from gateway.cli.node_worklist import run_claim, run_worklist
from gateway.domain.errors import Blocked, ConfigError
from gateway.domain.node import Node
from tests.worklist.bench import ROOM, Bench, bench
from tests.worklist.waiting import until


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with bench(tmp_path) as started:
        monkeypatch.setattr(node_worklist, "_node", lambda *_: started.node)
        yield started


@pytest.fixture
def uid(running: Bench, plan_path: Path) -> str:
    return running.tms.schedule(plan_path, fraction=1)


def test_names_are_shown_where_they_are_asked_for(
    running: Bench, uid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_worklist(running.settings, "bench", ROOM, names=False, as_json=False)
    plain = capsys.readouterr().out
    assert uid in plain
    assert "open-field" in plain
    assert "PHANTOM" not in plain
    run_worklist(running.settings, "bench", ROOM, names=True, as_json=False)
    assert "PHANTOM-EPID" in capsys.readouterr().out


def test_programs_read_json(running: Bench, uid: str, capsys: pytest.CaptureFixture[str]) -> None:
    running.want("1.2.3")
    run_worklist(running.settings, "bench", ROOM, names=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["station"] == ROOM
    assert [row["step"] for row in told["scheduled"]] == [uid]
    assert told["scheduled"][0]["patient"] == ""
    assert [(row["step"], row["phase"]) for row in told["steps"]] == [("1.2.3", "wanted")]


def test_a_terminal_is_not_steered(
    running: Bench, uid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    running.tms.worklist._items[uid].dataset.ScheduledProcessingParametersSequence[
        1
    ].TextValue = "plan\x1b[2J"
    run_worklist(running.settings, "bench", ROOM, names=False, as_json=False)
    assert "\x1b" not in capsys.readouterr().out


def test_a_step_is_followed_to_its_end(
    running: Bench, uid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve() -> None:
        until(lambda: running.steps.get(uid))
        known = running.steps.get(uid)
        assert known is not None
        for phase in (Phase.CLAIMING, Phase.CANCELED):
            running.steps.save(replace(known, phase=phase, reason="wrong\nday"))

    service = threading.Thread(target=serve)
    with only_service(running.settings.store, ROOM, running.node.name):
        service.start()
        code = run_claim(running.settings, "bench", uid, ROOM, as_json=False, quiet=False)
        service.join()
        assert code == 4
        assert capsys.readouterr().out.splitlines()[-1] == "canceled: wrongday"
        with pytest.raises(Blocked, match="was asked for before: it is canceled"):
            run_claim(running.settings, "bench", uid, ROOM, as_json=False, quiet=False)


def test_without_a_service_nothing_is_asked_for(running: Bench, uid: str) -> None:
    with pytest.raises(Blocked, match="linac-gateway serve truebeam-m120"):
        want_step(running.settings, running.node, uid, ROOM, running.clock)
    assert running.steps.get(uid) is None


@pytest.mark.parametrize(
    ("room", "node", "why"),
    [
        ("halcyon", "bench", "delivers in halcyon, not in truebeam-m120"),
        (ROOM, "default", "has node default, not bench"),
    ],
)
def test_a_service_of_another_room_or_node_is_asked_for_nothing(
    running: Bench, uid: str, room: str, node: str, why: str
) -> None:
    with only_service(running.settings.store, room, node), pytest.raises(Blocked, match=why):
        want_step(running.settings, running.node, uid, ROOM, running.clock)
    assert running.steps.get(uid) is None


def test_a_step_is_followed_for_as_long_as_the_service_runs(running: Bench, uid: str) -> None:
    with only_service(running.settings.store, ROOM, running.node.name):
        want_step(running.settings, running.node, uid, ROOM, running.clock)
        following = follow_step(running.settings, uid)
        assert next(following).phase is Phase.WANTED
    with pytest.raises(Blocked, match="the service has ended"):
        next(following)


def test_what_is_not_configured_is_named(running: Bench) -> None:
    alone: Node = replace(running.node, worklist="")
    with pytest.raises(ConfigError, match="no treatment management system"):
        list_worklist(alone, ROOM, running.clock.now_ns(), no_name)
    with pytest.raises(ConfigError, match="nowhere"):
        station_of(running.settings, "nowhere")


def test_what_is_shown_of_a_patient(running: Bench, uid: str) -> None:
    (row,) = list_worklist(running.node, ROOM, running.clock.now_ns(), full_name)
    assert row["patient"].endswith("(PHANTOM-EPID)")
