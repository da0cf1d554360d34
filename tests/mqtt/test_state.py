"""What is known of the room now: bounded, at the rate that is wanted, as the schemas say."""

import asyncio
import json

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.mqtt.discovery import announcements
from gateway.adapters.mqtt.messages import Telemetry, encoded
from gateway.adapters.mqtt.sampled import Rate
from gateway.adapters.mqtt.state import WAITING_SAMPLES, RoomNow
from gateway.domain.axes import Axis
from gateway.formats.live_feed import LiveCouch, LiveEvent, LiveFrame
from tests.mqtt.scene import LAYOUT, PERIOD_NS, TOPICS, live_sample
from tests.mqtt.schemas import valid
from tests.mqtt.test_broker import FRAME

SCHEMAS = {
    "gantry": "axes-state", "collimator": "axes-state", "couch": "axes-state", "jaws": "axes-state",
    "mlc": "mlc-state", "epid": "epid-state", "beam": "beam-state", "room": "room-state",
}  # fmt: skip


def room(hz: float = 50.0) -> RoomNow:
    return RoomNow("bench", LAYOUT, SystemClock(), hz, simulated=True)


@pytest.mark.parametrize(
    ("hz", "wanted"), [(50.0, 1.0), (100.0, 1.0), (25.0, 0.5), (20.0, 0.4), (10.0, 0.2), (0.0, 0.0)]
)
@pytest.mark.parametrize("jitter_ns", [0, 2_000_000])
def test_the_rate_is_that_of_the_settings(hz: float, wanted: float, jitter_ns: int) -> None:
    rate = Rate(hz)
    times = [number * PERIOD_NS + jitter_ns * (number % 3 - 1) for number in range(1_000)]
    passed = sum(rate.due(time_ns) for time_ns in times)
    assert passed == pytest.approx(wanted * len(times), abs=2)


def test_a_new_clock_begins_anew() -> None:
    rate = Rate(10.0)
    assert rate.due(10**12)
    assert rate.due(0)
    assert not rate.due(PERIOD_NS)


async def test_the_oldest_samples_give_way() -> None:
    now = room()
    for number in range(WAITING_SAMPLES + 5):
        now.note(live_sample(number, untold=2 if number == 0 else 0))
    first = json.loads(await now.next_sample())
    assert (first["sample"], first["dropped"]) == (5, 7)
    now.forget_samples()
    waiting = asyncio.create_task(now.next_sample())
    await asyncio.sleep(0)
    now.note(live_sample(999))
    told = json.loads(await waiting)
    assert (told["sample"], told["dropped"]) == (999, 7 + WAITING_SAMPLES - 1)


async def test_telemetry_is_as_its_schema_says() -> None:
    now = room()
    now.note(LiveEvent(1, "D-1", "beam-on", 0))
    now.note(live_sample(3))
    payload = await now.next_sample()
    valid("telemetry", payload)
    told = Telemetry.model_validate_json(payload, strict=True)
    assert told.actual.axes["gantry_deg"] == 0.003
    assert told.planned.axes["y2_mm"] == 0.064
    assert told.actual.mlc["MLCX"]["x1_mm"][0] == 0.073
    assert told.delivery_id == "D-1"


def test_states_are_told_once_and_are_as_their_schemas_say() -> None:
    now = room()
    assert [thing for thing, _ in now.changes()] == ["room"]
    now.note(LiveCouch({Axis.COUCH_LATERAL: 1.0}, moving=False))
    now.note(LiveFrame(FRAME))
    now.note(live_sample(1))
    states = dict(now.changes())
    assert set(states) == set(SCHEMAS) - {"room"}
    assert not list(now.changes())
    now.all_changed()
    states |= dict(now.changes())
    assert set(states) == set(SCHEMAS)
    for thing, state in states.items():
        valid(SCHEMAS[thing], encoded(state))


def test_the_delivery_is_that_which_runs() -> None:
    now = room()
    for kind, wanted in (("intent", "D-1"), ("end", None), ("file", None), ("verdict", None)):
        now.note(LiveEvent(1, "D-1", kind, 0))
        now.all_changed()
        told = dict(now.changes())["room"].model_dump()
        assert told["delivery_id"] == wanted


def test_discovery_names_what_is_told_and_takes_no_command() -> None:
    bodies = [json.loads(payload) for _, payload in announcements(TOPICS, "homeassistant")]
    assert len({body["unique_id"] for body in bodies}) == len(bodies)
    things = {TOPICS.state(thing) for thing in SCHEMAS}
    for body in bodies:
        assert body["state_topic"] in things
        assert body["availability_topic"] == TOPICS.availability
        assert not any("command" in key for key in body)
