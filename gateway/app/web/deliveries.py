"""Deliveries as the API shows them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.web.problems import not_found
from gateway.app.records import history_row, utc
from gateway.app.web.record_index import RecordIndex
from gateway.delivery.ledger import BeamEntry, DeliveryEntry
from gateway.ports.store import StoredEvent

SUMMARY = "summary.json"
_FINDING = ("severity", "rule", "path", "message")
_LEFT_OUT = frozenset({"token", "positions", "frames", "program_crc32", "sha256"})
"""What is of no use to a reader, or very long."""


def find(index: RecordIndex, delivery_id: str) -> DeliveryEntry:
    """The delivery of that name. Raises Refused."""
    entry = index.entries().get(delivery_id)
    if entry is None:
        raise not_found("delivery")
    return entry


def delivery_list(
    index: RecordIndex, search: str, verdict: str | None, limit: int, offset: int
) -> Mapping[str, Any]:
    """A page of the history, newest first."""
    words = search.casefold().split()
    rows = [
        history_row(entry)
        for entry in reversed(tuple(index.entries().values()))
        if _has(entry, words) and verdict in (None, entry.verdict or "none")
    ]
    return {
        "total": len(rows),
        "limit": limit,
        "offset": offset,
        "items": rows[offset : offset + limit],
    }


def delivery_detail(entry: DeliveryEntry, folder: Path) -> Mapping[str, Any]:
    """A delivery with its beams; causes and errors once it was judged."""
    summary = read_summary(entry, folder)
    judged = {beam["number"]: beam for beam in summary.get("beams", ())}
    return {
        **history_row(entry),
        "simulated": entry.intent["simulated"],
        "operators": list(entry.intent["operators"]),
        "continues": entry.continues,
        "beams": [_beam(beam, judged.get(beam.number, {})) for beam in entry.beams.values()],
        "causes": summary.get("causes", []),
        "findings": [dict(zip(_FINDING, row, strict=True)) for row in entry.intent["findings"]],
    }


def read_summary(entry: DeliveryEntry, folder: Path) -> Mapping[str, Any]:
    """The summary of a judged delivery; empty before, and where it cannot be read."""
    if entry.verdict is None or SUMMARY not in entry.files:
        return {}
    try:
        found: Mapping[str, Any] = json.loads((folder / SUMMARY).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def event_row(event: StoredEvent) -> Mapping[str, Any]:
    """An event with its plain values."""
    beam = event.body.get("beam")
    return {
        "sequence": event.sequence,
        "at": utc(event.at_ns),
        "at_ns": event.at_ns,
        "kind": event.kind,
        "beam": beam if isinstance(beam, int) else None,
        "body": {
            name: value
            for name, value in event.body.items()
            if name not in _LEFT_OUT and _is_plain(value)
        },
    }


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= 32 and all(_is_scalar(one) for one in value)
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _has(entry: DeliveryEntry, words: list[str]) -> bool:
    names = (
        entry.delivery_id,
        entry.plan_label,
        entry.plan_uid,
        entry.room,
        entry.outcome.value,
        *entry.intent["operators"],
    )
    text = "\n".join(names).casefold()
    return all(word in text for word in words)


def _beam(beam: BeamEntry, judged: Mapping[str, Any]) -> Mapping[str, Any]:
    end_mu = beam.end_meterset_mu
    return {
        "number": beam.number,
        "name": beam.name,
        "planned_mu": beam.planned_mu,
        "start_mu": beam.start_meterset_mu,
        "end_mu": end_mu,
        "delivered_mu": None if end_mu is None else round(end_mu - beam.start_meterset_mu, 6),
        "termination_status": beam.termination_status.value if beam.ended else None,
        "termination_reason": beam.termination_reason,
        "images": judged.get("images", 0),
        "errors": judged.get("errors", {}),
    }
