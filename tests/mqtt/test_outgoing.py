"""What of an event is told: its kind and what is named, never what a plan or a person wrote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.mqtt.messages import MODELS, encoded
from gateway.adapters.mqtt.outgoing import outgoing, utc
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.errors import ConfigError
from gateway.ports.store import Json, StoredEvent
from tests.mqtt.scene import ENDED, TOPICS
from tests.mqtt.schemas import valid

CANARY = "Kanarienvogel"
SECRET = ("plan_label", "name", "label", "by", "operators", "findings", "patient", "reason_given")


def event(kind: str, **body: Json) -> StoredEvent:
    return StoredEvent(7, "D-1", kind, 1_764_558_501_123_456_789, body, "")


def test_the_time_is_utc_to_the_microsecond() -> None:
    assert utc(1_764_558_501_123_456_789) == "2025-12-01T03:08:21.123456Z"


def test_the_end_of_a_beam_is_a_result_and_an_alarm() -> None:
    told = dict(outgoing(event("beam-end", **ENDED), TOPICS, repeat=True))
    result = json.loads(encoded(told[f"{TOPICS.base}/beam/D-1/1/result"]))
    assert result["end_meterset_mu"] == 12.5
    assert result["termination_status"] == "MACHINE"
    assert result["ended_at"] == "1970-01-01T00:00:00.000002Z"
    assert json.loads(encoded(told[TOPICS.alarm]))["text"] == "MACHINE: POSITION"
    assert all(json.loads(encoded(message))["repeat"] for message in told.values())
    assert "Phantom" not in str(told)


@pytest.mark.parametrize(
    "kind",
    [
        "intent", "connected", "beam-intent", "read-back", "armed", "beam-on", "samples", "frames",
        "incident", "counter-unknown", "beam-end", "counter", "end", "file", "verdict", "hold", "x",
    ],
)  # fmt: skip
def test_what_plans_and_people_wrote_is_not_told(kind: str) -> None:
    secret: dict[str, Json] = dict.fromkeys(SECRET, CANARY)
    if kind == "file":
        del secret["name"]
    beams: Json = [{"number": 1, "name": CANARY, "planned_mu": 2.0}]
    panel: Json = {"rows": 2, "label": CANARY}
    body = {"beam": 1, "beams": beams, "panel": panel, "frames": [[1, CANARY]], **secret}
    for _, message in outgoing(event(kind, **body), TOPICS, repeat=False):
        assert CANARY.encode() not in encoded(message)


@given(
    kind=st.sampled_from(["beam-end", "incident", "end", "verdict", "intent", "frames", "samples"]),
    body=st.dictionaries(
        st.sampled_from(
            [*ENDED, "device", "code", "text", "outcome", "verdict", "beams", "frames"]
        ),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
    ),
)
def test_of_a_damaged_event_the_kind_is_told(kind: str, body: dict[str, Json]) -> None:
    told = outgoing(event(kind, **body), TOPICS, repeat=False)
    topic, last = told[-1]
    assert topic == TOPICS.event
    assert json.loads(encoded(last))["kind"] == kind


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "$SYS", "a\0"])
def test_a_name_that_no_topic_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the room of a topic"):
        Topics("root", "site", name)


@pytest.mark.parametrize("name", MODELS)
def test_the_schemas_in_the_documents_are_those_of_the_messages(name: str) -> None:
    """To write them anew: ``python -m tests.mqtt.schemas``."""
    from tests.mqtt.schemas import FOLDER, schema_of

    assert json.loads((FOLDER / f"mqtt-{name}.json").read_text()) == schema_of(name)


def test_events_are_as_their_schemas_say() -> None:
    told = outgoing(event("beam-end", **ENDED), TOPICS, repeat=False)
    for name, (_, message) in zip(("alarm", "result", "event"), told, strict=True):
        valid(name, encoded(message))
        with pytest.raises(ValueError, match="was expected"):
            valid(name, encoded(message).replace(b'"v":1', b'"v":2'))
