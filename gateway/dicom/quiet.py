"""Decoding in a process of many threads: pydicom warns of received values, with the values."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_DECODING = threading.RLock()


@contextmanager
def quietly() -> Iterator[None]:
    """Without warnings, one thread at a time: what a process warns of is one setting for all."""
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
