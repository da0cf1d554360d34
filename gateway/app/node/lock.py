"""One service for a record store: a second one is refused by name, and whoever asks is told."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.errors import Blocked, StoreError

LOCK = "service.lock"
LONGEST = 400
_HOLDER = re.compile(r"process \d+ for room (?P<room>\S+) with node (?P<node>\S+)")


@dataclass(frozen=True, slots=True)
class Served:
    """What the service of a store delivers in, and talks to the network as."""

    room: str
    node: str


@contextmanager
def only_service(store: Path, room: str, node: str) -> Iterator[None]:
    """Hold the store while the block runs. Raises Blocked, StoreError."""
    path = store / LOCK
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Blocked(f"{store} is served already, by {_holder(descriptor)}") from None
        os.ftruncate(descriptor, 0)
        holder = f"process {os.getpid()} for room {room} with node {node}"
        os.pwrite(descriptor, holder.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def served(store: Path) -> Served | None:
    """The service that runs; None where none does."""
    try:
        descriptor = os.open(store / LOCK, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        found = _HOLDER.fullmatch(_holder(descriptor))
        return Served("", "") if found is None else Served(found["room"], found["node"])
    finally:
        os.close(descriptor)
    return None


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, LONGEST, 0).decode(errors="replace")
