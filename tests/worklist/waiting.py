"""Waiting for what threads do, within bounds."""

import threading
from collections.abc import Callable

LIMIT_S = 20.0
POLL_S = 0.02


def until(reached: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Returns once it is so; fails after ``limit_s``."""
    pause = threading.Event()
    for _ in range(round(limit_s / POLL_S)):
        if reached():
            return
        pause.wait(POLL_S)
    raise AssertionError(f"not so within {limit_s:g} s")
