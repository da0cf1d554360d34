"""One service and one browser for every test of this folder."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests import peers
from tests.browser.observed import Observed
from tests.browser.person import BOUND_MS, Person
from tests.browser.serving import Serving, serving


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    peers.program("chromium", "chromium")
    with serving(tmp_path_factory.mktemp("serve")) as made:
        yield made


@pytest.fixture(scope="package")
def browser(service: Serving) -> Iterator[Browser]:
    """Debian's Chromium. Its own sandbox cannot be had by root."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=BOUND_MS)
    with sync_playwright() as playwright:
        program = peers.program("chromium", "chromium")
        made = playwright.chromium.launch(executable_path=program, args=options)
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield made
    made.close()


@pytest.fixture
def observed(context: BrowserContext, service: Serving) -> Observed:
    return Observed(context, service.origin)


@pytest.fixture
def person(context: BrowserContext, service: Serving, observed: Observed) -> Person:
    """The operator, before the dashboard."""
    made = Person(context.new_page())
    made.open(service.address)
    return made
