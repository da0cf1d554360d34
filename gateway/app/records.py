"""The ``history``, ``show``, ``verify`` and ``reconcile`` commands: reading the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from gateway.adapters.store import open_reader
from gateway.adapters.store.schema import DATABASE
from gateway.app.finish import findings_of, image_counts
from gateway.app.fractions import entries, find_entry
from gateway.app.judge import judge
from gateway.app.summary import delivery_summary
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.findings import Finding
from gateway.domain.reconciliation import Verdict
from gateway.domain.units import NS_PER_S
from gateway.ports.store import RecordReader
from gateway.settings import Settings


def utc(at_ns: int) -> str:
    """``at_ns`` as ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(at_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def history(settings: Settings) -> list[dict[str, Any]]:
    """One row a delivery, oldest first; empty where there is no store yet."""
    if not (settings.store / DATABASE).exists():
        return []
    with _reader(settings) as store:
        return [history_row(entry) for entry in entries(store)]


def show(settings: Settings, delivery_id: str) -> dict[str, Any]:
    """A delivery, its beams, files and events. Raises ConfigError when there is none."""
    with _reader(settings) as store:
        entry = _entry(store, delivery_id, settings)
        beams = [
            {
                "number": beam.number,
                "name": beam.name,
                "planned_mu": beam.planned_mu,
                "start_mu": beam.start_meterset_mu,
                "end_mu": beam.end_meterset_mu,
                "termination_status": beam.termination_status.value if beam.ended else None,
                "termination_reason": beam.termination_reason,
            }
            for beam in entry.beams.values()
        ]
        events = [
            {"sequence": event.sequence, "at": utc(event.at_ns), "kind": event.kind}
            | ({"beam": event.body["beam"]} if "beam" in event.body else {})
            for event in store.events(delivery_id)
        ]
        folder = str(store.directory(delivery_id))
        return {
            **history_row(entry),
            "links": entry.intent["links"],
            "operators": entry.intent["operators"],
            "continues": entry.continues,
            "folder": folder,
            "files": sorted(set(entry.files)),
            "beams": beams,
            "events": events,
        }


def verify(settings: Settings, delivery_id: str) -> Sequence[Finding]:
    """What is wrong with the record; nothing of severity error when it is sound."""
    with _reader(settings) as store:
        _entry(store, delivery_id, settings)
        return store.verify(delivery_id)


def reconcile_again(settings: Settings, delivery_id: str) -> tuple[dict[str, Any], bool]:
    """The summary of a stored delivery, reconciled anew, and whether it passes."""
    with _reader(settings) as store:
        _entry(store, delivery_id, settings)
        judged = judge(store, delivery_id, settings)
        entry, evidence, result = judged.entry, judged.evidence, judged.reconciliation
        images = image_counts(set(entry.files), evidence)
        summary = delivery_summary(entry, evidence, findings_of(entry), result, images, judged.logs)
        return summary, result.verdict is Verdict.PASS


def _entry(store: RecordReader, delivery_id: str, settings: Settings) -> DeliveryEntry:
    return find_entry(entries(store), delivery_id, settings)


def history_row(entry: DeliveryEntry) -> dict[str, Any]:
    """A delivery as ``history`` shows it."""
    ends = [beam.end_meterset_mu for beam in entry.beams.values()]
    starts = [beam.start_meterset_mu for beam in entry.beams.values()]
    known = [end - start for end, start in zip(ends, starts, strict=True) if end is not None]
    return {
        "delivery_id": entry.delivery_id,
        "started": utc(entry.started_ns),
        "plan": entry.plan_label,
        "plan_uid": entry.plan_uid,
        "fraction_group": entry.fraction_group,
        "fraction": entry.fraction,
        "room": entry.room,
        "seed": entry.seed,
        "state": entry.outcome.value,
        "verdict": entry.verdict,
        "delivered_mu": round(sum(known), 3) if len(known) == len(ends) else None,
    }


@contextmanager
def _reader(settings: Settings) -> Iterator[RecordReader]:
    store = open_reader(settings.store)
    try:
        yield store
    finally:
        store.close()
