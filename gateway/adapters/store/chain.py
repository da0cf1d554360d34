"""The hash chain over events: each link covers its content and the link before it."""

import hashlib
import json
from collections.abc import Mapping

from gateway.ports.store import Json

GENESIS = "0" * 64


def canonical(body: Mapping[str, Json]) -> str:
    """The one text of ``body``. Raises ValueError for a number that is not finite."""
    return json.dumps(
        body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def link(previous: str, sequence: int, delivery_id: str, kind: str, at_ns: int, body: str) -> str:
    """SHA-256 of the previous link and this event; ``body`` is canonical."""
    content = json.dumps(
        [previous, sequence, delivery_id, kind, at_ns, body],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(content.encode()).hexdigest()
