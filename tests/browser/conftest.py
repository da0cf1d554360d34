"""One service and one browser for every test of this folder."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests import peers
from tests.browser.chromium import chromium
from tests.browser.observed import Observed
from tests.browser.person import Person
from tests.browser.serving import Serving, serving


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    peers.program("chromium", "chromium")
    with serving(tmp_path_factory.mktemp("serve")) as made:
        yield made


@pytest.fixture(scope="package")
def browser(service: Serving) -> Iterator[Browser]:
    with chromium() as made:
        yield made


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
