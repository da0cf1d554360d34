"""One service for a room: a second one is refused by name."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.domain.errors import Blocked, StoreError


@contextmanager
def only_service(store: Path, room: str) -> Iterator[None]:
    """Hold the room while the block runs. Raises Blocked, StoreError."""
    path = store / "service.lock"
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode(errors="replace")
            raise Blocked(f"{store} is served already, by {holder}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} for room {room}".encode(), 0)
        yield
    finally:
        os.close(descriptor)
