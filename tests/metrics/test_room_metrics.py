"""What Prometheus is told: the counts are right, the names keep its rules, nobody is named."""

import re

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from gateway.adapters.metrics.lateness import Lateness
from gateway.adapters.metrics.room_metrics import RoomMetrics, Scraped
from gateway.formats.live_feed import LiveBeam, LiveEvent
from tests.metrics.everything import EVERYTHING
from tests.mqtt.scene import live_sample

ROOM = {"room": "bench"}


def families(metrics: RoomMetrics) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """As Prometheus reads them: by name and labels."""
    content, media_type = metrics.exposition()
    assert media_type.startswith("text/plain")
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(content.decode()):
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "room"}
            assert sample.labels["room"] == "bench"
            found.setdefault(sample.name, {})[tuple(sorted(labels.items()))] = sample.value
    return found


def test_everything_that_is_counted() -> None:
    metrics = RoomMetrics("bench", lambda: EVERYTHING)
    metrics.note(LiveBeam(1, "Phantom^EPID", 0.0, 20.0, 10.0, 600.0))
    for number in (1, 2, 5, 9):
        metrics.note(live_sample(number, untold=2 if number == 5 else 0))
    metrics.note(LiveEvent(1, "D-1", "end", 0))
    found = families(metrics)
    assert found["linac_gateway_samples_total"] == {(): 6.0}
    assert found["linac_gateway_samples_lost_total"] == {(): 3.0}
    assert found["linac_gateway_feed_samples_dropped_total"] == {
        (("watcher", "web"),): 2.0,
        (("watcher", "mqtt"),): 7.0,
    }
    assert found["linac_gateway_sample_lateness_seconds_count"] == {(): 4.0}
    assert found["linac_gateway_deliveries"] == {
        (("outcome", "complete"), ("verdict", "pass")): 3.0
    }
    assert found["linac_gateway_beams_total"] == {(("status", "NORMAL"),): 6.0}
    assert found["linac_gateway_mqtt_connected"] == {(): 1.0}
    assert found["linac_gateway_mqtt_events_published_total"] == {(): 4.0}
    assert found["linac_gateway_process_up"] == {
        (("process", "room"),): 1.0,
        (("process", "mqtt"),): 0.0,
    }
    assert found["linac_gateway_last_sample_age_seconds"][()] >= 0.0
    assert "Phantom" not in metrics.exposition()[0].decode()


def test_a_new_beam_is_no_gap() -> None:
    metrics = RoomMetrics("bench", Scraped)
    for first in (1, 500):
        metrics.note(LiveBeam(1, "", 0.0, 20.0, 10.0, 600.0))
        metrics.note(live_sample(first))
    assert families(metrics)["linac_gateway_samples_lost_total"] == {(): 0.0}


def test_without_broker_and_samples_nothing_is_said_of_them() -> None:
    found = families(RoomMetrics("bench", Scraped))
    assert not [name for name in found if "mqtt" in name]
    assert "linac_gateway_last_sample_age_seconds" not in found


def test_the_names_keep_the_rules_of_prometheus() -> None:
    """Base units, ``_total`` for what only grows; no number of a patient can be a label."""
    metrics = RoomMetrics("bench", lambda: EVERYTHING)
    metrics.note(live_sample(1))
    text = metrics.exposition()[0].decode()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        assert name.startswith("linac_gateway_")
        assert name.endswith("_total") == (kind == "counter")
        assert not re.search(r"_(ms|minutes|percent|kb)(_|$)", name)
    labels = set(re.findall(r'[{,](\w+)="', text))
    assert labels <= {
        "room", "version", "outcome", "verdict", "status", "watcher", "process", "state", "le",
    }  # fmt: skip


def test_a_registry_of_our_own() -> None:
    """The library's own process-wide registry is left alone."""
    before = {family.name for family in REGISTRY.collect()}
    RoomMetrics("bench", Scraped).exposition()
    assert {family.name for family in REGISTRY.collect()} == before


@pytest.mark.parametrize("offset_s", [0.0, 1e9])
def test_lateness_is_against_the_sample_that_came_soonest(offset_s: float) -> None:
    lateness = Lateness()
    for machine_s, received_s in ((0.0, 0.5), (0.02, 0.54), (0.04, 0.545), (0.06, 2.0)):
        lateness.note(machine_s, received_s + offset_s)
    buckets = dict(lateness.buckets())
    assert buckets["0.01"] == 2.0
    assert buckets["0.05"] == 3.0
    assert buckets["1.0"] == 3.0
    assert buckets["+Inf"] == 4.0
    assert lateness.sum_s == pytest.approx(0.02 + 0.005 + 1.44, abs=1e-5)
    lateness.begin()
    lateness.note(0.0, 100.0)
    assert dict(lateness.buckets())["0.001"] == 2.0
