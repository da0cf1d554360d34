"""Work on rows, in bands, on several threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")


def in_bands(
    work: Callable[[int, int], R], rows: int, band: int, threads: int | None = None
) -> list[R]:
    """``work(first, last)`` for each band of rows, in order; the kernel must release the lock.

    ``threads``: at most; None: one a processor. Threads of the interpreter, not of numba: whoever
    calls may be one of several threads, or fork.
    """
    starts = range(0, rows, band)
    count = min(threads or os.cpu_count() or 1, len(starts))
    if count <= 1:
        return [work(start, min(start + band, rows)) for start in starts]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda start: work(start, min(start + band, rows)), starts))
