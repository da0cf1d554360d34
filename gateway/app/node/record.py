"""What the room's record says of a request; read by the node, never written."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.adapters.store import open_reader
from gateway.app.fractions import entries, requested
from gateway.app.node.jobs import Outcome
from gateway.app.refusal import begun
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import StoreError
from gateway.settings import Settings

UNRESOLVED = "the delivery is unresolved: its meterset is not certain; resolve it first"


def outcome_of(settings: Settings, request_id: str) -> Outcome | None:
    """What became of a request; None while no delivery was begun for it. Raises StoreError."""
    if not (settings.store / "record.sqlite").exists():
        return None
    with closing(open_reader(settings.store)) as store:
        entry = requested(entries(store), request_id)
        if entry is None:
            return None
        folder = store.directory(entry.delivery_id)
    if entry.verdict is None:
        reason = UNRESOLVED if entry.outcome is DeliveryOutcome.UNRESOLVED else ""
        return Outcome(entry.delivery_id, reason, dict(begun(settings, entry.delivery_id)))
    return Outcome(entry.delivery_id, "", _summary(folder))


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    try:
        summary: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: {error}") from error
    return summary
