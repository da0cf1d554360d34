"""How large the error of an axis was, delivery after delivery."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.app.records import utc
from gateway.delivery.ledger import DeliveryEntry

Judged = tuple[DeliveryEntry, Mapping[str, Any]]
_VALUES = ("max", "rms", "p95")


def trend(judged: Sequence[Judged], axis: str | None) -> Mapping[str, Any]:
    """The points of an axis, oldest first; without a name of the first that there is."""
    axes = sorted(
        {name for _, summary in judged for beam in _beams(summary) for name in beam["errors"]}
    )
    chosen = axis if axis is not None else next(iter(axes), "")
    points = [
        _point(entry, beam, beam["errors"][chosen])
        for entry, summary in judged
        for beam in _beams(summary)
        if chosen in beam["errors"]
    ]
    units = {
        beam["errors"][chosen]["unit"]
        for _, summary in judged
        for beam in _beams(summary)
        if chosen in beam["errors"]
    }
    return {"axis": chosen, "unit": next(iter(units), None), "axes": axes, "points": points}


def _beams(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = summary.get("beams", ())
    return found


def _point(
    entry: DeliveryEntry, beam: Mapping[str, Any], errors: Mapping[str, Any]
) -> Mapping[str, Any]:
    return {
        "delivery_id": entry.delivery_id,
        "started": utc(entry.started_ns),
        "plan": entry.plan_label,
        "beam": beam["number"],
        "verdict": entry.verdict,
        **{name: errors[name] for name in _VALUES},
    }
