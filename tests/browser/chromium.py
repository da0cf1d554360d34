"""Debian's Chromium, for the tests and for the pictures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests import peers
from tests.browser.person import BOUND_MS


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Its own sandbox cannot be had by root."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=BOUND_MS)
    with sync_playwright() as playwright:
        program = peers.program("chromium", "chromium")
        made = playwright.chromium.launch(executable_path=program, args=options)
        yield made
        made.close()
