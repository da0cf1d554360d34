"""The files of a delivery: written whole or not at all."""

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from gateway.adapters.store.schema import DELIVERIES
from gateway.domain.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_REPLACE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


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


def open_private(path: Path) -> int:
    """Open or make a file that only its owner reads and writes. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def aside(folder: Path, name: str) -> Path:
    """Where a file is written before it takes its place."""
    return folder / f".{plain_name(name)}.new"


def write_aside(folder: Path, name: str, content: bytes) -> None:
    """Write and sync beside the file's place. Raises OSError; nothing is left then."""
    path = aside(folder, name)
    try:
        with os.fdopen(os.open(path, _REPLACE, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def put_in_place(folder: Path, name: str) -> Path:
    """Give a file written aside its place; durable on return. Raises OSError."""
    target = folder / name
    aside(folder, name).replace(target)
    sync_folder(folder)
    return target


def files_aside(folder: Path) -> Mapping[str, Path]:
    """Files written aside that never took their place, by name."""
    return {path.name[1:-4]: path for path in sorted(folder.glob(".*.new"))}


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
