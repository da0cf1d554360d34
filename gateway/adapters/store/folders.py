"""The files of a delivery: written whole or not at all."""

import os
import re
from pathlib import Path

from gateway.adapters.store.schema import DELIVERIES
from gateway.domain.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def delivery_folder(root: Path, delivery_id: str) -> Path:
    """The folder of a delivery. Raises StoreError for an id that is not a plain name."""
    return root / DELIVERIES / plain_name(delivery_id)


def plain_name(name: str) -> str:
    """``name`` when it is safe in a path: no separator, no leading dot. Raises StoreError."""
    if _NAME.fullmatch(name) is None:
        raise StoreError(f"{name!r} is not a plain name")
    return name


def make_private(folder: Path) -> None:
    """Make a folder that only its owner enters. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_whole(folder: Path, name: str, content: bytes) -> Path:
    """Write aside, sync, rename, sync the folder. Raises OSError, StoreError."""
    target = folder / plain_name(name)
    aside = folder / f".{name}.new"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(target)
    sync_folder(folder)
    return target


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
