"""What Prometheus is told of a room, in base units; no label names a patient or a plan."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway import __version__
from gateway.adapters.metrics.lateness import Lateness
from gateway.domain.units import NS_PER_S
from gateway.formats.live_feed import LiveBeam, LiveSample, Message

PREFIX = "linac_gateway"


@dataclass(frozen=True, slots=True)
class Scraped:
    """What is read when it is asked for.

    ``deliveries`` by outcome and verdict, ``beams`` by termination status; ``mqtt`` is what that
    process counts (None: it is not there, or hangs); ``up`` says which processes are alive.
    """

    deliveries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    beams: Mapping[str, int] = field(default_factory=dict)
    alarms_unacknowledged: int = 0
    queue: Mapping[str, int] = field(default_factory=dict)
    outbox: Mapping[str, int] = field(default_factory=dict)
    viewers: int = 0
    dropped_updates: int = 0
    encoded_updates: int = 0
    mqtt: Mapping[str, float] | None = None
    up: Mapping[str, bool] = field(default_factory=dict)


_MQTT_COUNTERS: Mapping[str, str] = {
    "connections_total": "Connections to the broker",
    "failures_total": "Connections that failed or were lost",
    "telemetry_published_total": "Samples told to the broker",
    "telemetry_dropped_total": "Samples that the broker did not take in time",
    "states_published_total": "Retained states told to the broker",
    "events_published_total": "Events told for the first time",
    "events_repeated_total": "Events told again",
}
_MQTT_GAUGES: Mapping[str, str] = {
    "connected": "Whether there is a broker",
    "event_backlog": "Events that no broker has acknowledged",
    "round_trip_seconds": "How long the broker took to acknowledge the last event",
}


class RoomMetrics(Collector):
    """Fed by the live feed; everything else is scraped. A registry of its own."""

    def __init__(self, room: str, scrape: Callable[[], Scraped]) -> None:
        self._room = room
        self._scrape = scrape
        self._lateness = Lateness()
        self._sequence: int | None = None
        self._heard = 0
        self._untold = 0
        self._lost = 0
        self._newest_s: float | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def note(self, message: Message) -> None:
        """Take a message of the feed; returns at once."""
        if isinstance(message, LiveBeam):
            self._sequence = None
            self._lateness.begin()
        elif isinstance(message, LiveSample):
            self._note_sample(message)

    def exposition(self) -> tuple[bytes, str]:
        """Content and media type. It blocks; raises StoreError."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterable[Metric]:
        """Called by the registry."""
        scraped = self._scrape()
        yield self._gauge("build_info", "The version that runs", [((__version__,), 1.0)], "version")
        yield from self._record(scraped)
        yield from self._telemetry(scraped)
        yield from self._service(scraped)
        if scraped.mqtt is not None:
            yield from self._mqtt(scraped.mqtt)

    def _note_sample(self, message: LiveSample) -> None:
        sample = message.sample
        missing = 0 if self._sequence is None else sample.sequence - self._sequence - 1
        self._sequence = sample.sequence
        self._lost += max(missing - message.untold, 0)
        self._heard += 1
        self._untold += message.untold
        self._newest_s = time.monotonic()
        self._lateness.note(sample.machine_time_ns / NS_PER_S, sample.received_ns / NS_PER_S)

    def _record(self, scraped: Scraped) -> Iterator[Metric]:
        yield self._gauge(
            "deliveries",
            "Deliveries in the record, by how they stand",
            scraped.deliveries.items(),
            "outcome",
            "verdict",
        )
        ended = [((status,), count) for status, count in scraped.beams.items()]
        yield self._counter("beams", "Beams that ended, by termination status", ended, "status")
        yield self._gauge(
            "alarms_unacknowledged", "Alarms nobody has seen", [((), scraped.alarms_unacknowledged)]
        )

    def _telemetry(self, scraped: Scraped) -> Iterator[Metric]:
        yield self._counter("samples", "Samples of the machine", [((), self._heard + self._untold)])
        yield self._counter("samples_lost", "Samples that never came", [((), self._lost)])
        untold = [(("web",), float(self._untold))]
        if scraped.mqtt is not None:
            untold.append((("mqtt",), scraped.mqtt.get("untold_samples_total", 0.0)))
        text = "Samples that a watcher could not be told"
        yield self._counter("feed_samples_dropped", text, untold, "watcher")
        if self._newest_s is not None:
            age_s = time.monotonic() - self._newest_s
            yield self._gauge("last_sample_age_seconds", "Since the newest sample", [((), age_s)])
        late = HistogramMetricFamily(
            f"{PREFIX}_sample_lateness_seconds",
            "How late samples came, against the soonest of their beam",
            labels=["room"],
        )
        late.add_metric([self._room], self._lateness.buckets(), self._lateness.sum_s)
        yield late

    def _service(self, scraped: Scraped) -> Iterator[Metric]:
        up = [((name,), float(alive)) for name, alive in scraped.up.items()]
        yield self._gauge("process_up", "Whether a process of the service works", up, "process")
        waiting = [((state,), count) for state, count in scraped.queue.items()]
        yield self._gauge("queue_items", "Plans in the queue, by state", waiting, "state")
        outgoing = [((state,), count) for state, count in scraped.outbox.items()]
        yield self._gauge("outbox_objects", "Objects on their way, by state", outgoing, "state")
        yield self._gauge("viewers", "Who looks at the live room", [((), scraped.viewers)])
        text = "Updates that a viewer did not take in time"
        yield self._counter("viewer_updates_dropped", text, [((), scraped.dropped_updates)])
        text = "Updates of the live room, each encoded once"
        yield self._counter("live_updates", text, [((), scraped.encoded_updates)])

    def _mqtt(self, counts: Mapping[str, float]) -> Iterator[Metric]:
        for name, text in _MQTT_COUNTERS.items():
            counted = [((), counts.get(name, 0.0))]
            yield self._counter(f"mqtt_{name.removesuffix('_total')}", text, counted)
        for name, text in _MQTT_GAUGES.items():
            yield self._gauge(f"mqtt_{name}", text, [((), counts.get(name, 0.0))])

    def _gauge(
        self, name: str, text: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str
    ) -> Metric:
        family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["room", *labels])
        for named, value in values:
            family.add_metric([self._room, *named], value)
        return family

    def _counter(
        self, name: str, text: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str
    ) -> Metric:
        family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=["room", *labels])
        for named, value in values:
            family.add_metric([self._room, *named], value)
        return family
