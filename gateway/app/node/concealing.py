"""The node's secret that pseudonyms are made with: kept beside its database, for good."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from gateway.dicom.pseudonyms import pseudonymise
from gateway.domain.errors import StoreError

FILE = "pseudonyms.key"
SECRET_BYTES = 32


def concealing(root: Path) -> Callable[[bytes], bytes]:
    """Makes pseudonymous objects; ``root`` is the node's folder. Raises StoreError."""
    secret = _secret(root / FILE)
    return lambda content: pseudonymise(content, secret)


def _secret(path: Path) -> bytes:
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            found = path.read_bytes()
        else:
            found = secrets.token_bytes(SECRET_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(found)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    if len(found) != SECRET_BYTES:
        raise StoreError(f"{path}: damaged: pseudonyms would not be the same as before")
    return found
