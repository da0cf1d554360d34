"""The chain's newest link, in a file of its own: the chain alone cannot show a cut-off tail.

The file follows the commit of an event: after a crash it may name an earlier event, never a later
one. It is there before the first event is.
"""

import json
from pathlib import Path

from gateway.adapters.store.chain import GENESIS, canonical
from gateway.adapters.store.folders import put_in_place, write_aside
from gateway.adapters.store.schema import HEAD

Head = tuple[int, str]
"""Sequence and SHA-256 of an event."""

BEGINNING: Head = (0, GENESIS)


def write_head(root: Path, head: Head) -> None:
    """Replace the head; durable on return. Raises OSError."""
    sequence, sha256 = head
    write_aside(root, HEAD, canonical({"sequence": sequence, "sha256": sha256}).encode())
    put_in_place(root, HEAD)


def read_head(root: Path) -> Head | None:
    """The head; None where there is none. Raises OSError, and ValueError for what is no head."""
    try:
        head = json.loads((root / HEAD).read_bytes())
    except FileNotFoundError:
        return None
    match head:
        case {"sequence": int(sequence), "sha256": str(sha256)} if sequence >= 0:
            return sequence, sha256
    raise ValueError("it does not hold a sequence and a hash")
