"""A room of which everything can be said."""

from gateway.adapters.metrics.room_metrics import Scraped

EVERYTHING = Scraped(
    deliveries={("complete", "pass"): 3},
    beams={"NORMAL": 6},
    alarms_unacknowledged=1,
    queue={"proposed": 2},
    outbox={"queued": 5},
    viewers=2,
    dropped_updates=3,
    encoded_updates=40,
    mqtt={"connected": 1.0, "events_published_total": 4.0, "untold_samples_total": 7.0},
    up={"room": True, "mqtt": False},
)
