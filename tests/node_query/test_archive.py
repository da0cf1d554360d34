"""Asking what another application entity holds, as a client of this node's own services."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.dicomnet.query_service import query_service
from gateway.adapters.dicomnet.retrieve_service import retrieve_service
from gateway.app.node.archive import fetch, list_matches
from gateway.cli import node_archive
from gateway.cli.node_archive import run_fetch, run_find
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.node import Node, Peer
from gateway.settings import Settings
from tests.node_query.archive import Archive, Files, Receiver, receiving
from tests.node_query.objects import AE_TITLE, CALLER, Object, database, insert, listening, node_of

STUDY, SERIES = "1.2.1", "1.2.1.1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The storage of the node that asks."""
    with receiving() as started:
        yield started


@pytest.fixture
def asking(tmp_path: Path, receiver: Receiver) -> Iterator[Node]:
    """A node whose peer GATEWAY holds three objects of two studies."""
    with database(tmp_path) as store:
        archive = Archive(store, Files(tmp_path))
        archive.add("1.2.1.1.1")
        archive.add("1.2.1.1.2")
        insert(store, Object("1.2.2.1.1", study="1.2.2", series="1.2.2.1", patient="P2"))
        held = node_of(Peer(CALLER, "127.0.0.1", receiver.port))
        services = (query_service(held, store), retrieve_service(held, store, archive.files))
        with listening(*services) as port:
            peer = Peer(AE_TITLE, "127.0.0.1", port)
            yield Node("desk", CALLER, "127.0.0.1", 0, {AE_TITLE: peer})


@pytest.mark.parametrize(
    ("level", "keys", "found"),
    [
        ("study", {"PatientID": "P*"}, {"1.2.1", "1.2.2"}),
        ("study", {"PatientID": "P2"}, {"1.2.2"}),
        ("study", {"PatientID": "404"}, set()),
        ("series", {"StudyInstanceUID": STUDY}, {SERIES}),
        (
            "image",
            {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES},
            {"1.2.1.1.1", "1.2.1.1.2"},
        ),
    ],
)
def test_each_level_has_its_matches(
    asking: Node, level: str, keys: dict[str, str], found: set[str]
) -> None:
    columns, rows = list_matches(asking, AE_TITLE, level, keys)
    assert {row[columns[0]] for row in rows} == found


@pytest.mark.parametrize(
    ("level", "keys", "word"),
    [
        ("series", {}, "wants StudyInstanceUID=UID"),
        ("image", {"StudyInstanceUID": STUDY}, "wants SeriesInstanceUID=UID"),
        ("study", {"Patient": "1"}, "no attribute"),
        ("study", {"BeamSequence": "1"}, "is no key"),
    ],
)
def test_a_key_that_cannot_be_is_refused_before_anybody_is_asked(
    asking: Node, level: str, keys: dict[str, str], word: str
) -> None:
    with pytest.raises(InputError, match=word):
        list_matches(asking, AE_TITLE, level, keys)


def test_only_who_may_learn_identities_is_asked(asking: Node) -> None:
    with pytest.raises(ConfigError, match="these are: GATEWAY"):
        list_matches(asking, "NOBODY", "study", {})
    secretive = replace(asking, pseudonymise=True)
    with pytest.raises(ConfigError, match="pseudonyms only"):
        list_matches(secretive, AE_TITLE, "study", {})
    with pytest.raises(ConfigError, match="pseudonyms only"):
        fetch(secretive, AE_TITLE, STUDY, "", ())


@pytest.mark.parametrize(
    ("series", "images", "count"), [("", (), 2), (SERIES, (), 2), (SERIES, ("1.2.1.1.2",), 1)]
)
def test_a_study_a_series_or_an_object_comes(
    asking: Node, receiver: Receiver, series: str, images: tuple[str, ...], count: int
) -> None:
    assert fetch(asking, AE_TITLE, STUDY, series, images).completed == count
    assert len(receiver.received) == count


def test_objects_without_their_series_are_not_fetched(asking: Node) -> None:
    with pytest.raises(InputError, match="series"):
        fetch(asking, AE_TITLE, STUDY, "", ("1.2.1.1.1",))


@pytest.fixture
def settings(asking: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(node_archive, "_node", lambda *_: asking)
    return Settings(store=tmp_path / "store")


def test_names_are_shown_where_they_are_asked_for(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for names in (False, True):
        run_find(settings, "", AE_TITLE, "study", ["PatientID=P1"], names=names, as_json=False)
        told = capsys.readouterr().out
        assert STUDY in told
        assert ("Phantom^EPID" in told) is names
    run_find(settings, "", AE_TITLE, "study", ["PatientID=P1"], names=False, as_json=True)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["StudyInstanceUID"] == STUDY
    assert "PatientName" not in row
    run_find(settings, "", AE_TITLE, "study", ["PatientID=404"], names=False, as_json=False)
    assert capsys.readouterr().out == "nothing matches\n"
    with pytest.raises(InputError, match="KEYWORD=VALUE"):
        run_find(settings, "", AE_TITLE, "study", ["PatientID"], names=False, as_json=False)


def test_what_did_not_come_is_told(
    settings: Settings, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_fetch(settings, "", AE_TITLE, STUDY, "", (), as_json=False) == 0
    receiver.refused.add("1.2.1.1.1")
    assert run_fetch(settings, "", AE_TITLE, STUDY, SERIES, (), as_json=False) == 3
    told = capsys.readouterr().out
    assert "2 moved" in told
    assert "1 moved, 0 with warnings, 1 failed\nfailed 1.2.1.1.1" in told
