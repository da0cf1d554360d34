"""The server goes and comes back while somebody looks on."""

import pytest
from playwright.sync_api import expect

from tests.browser.observed import Observed
from tests.browser.person import Person
from tests.browser.serving import Serving

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("browser")]


def test_the_page_says_so_and_goes_on_by_itself(
    person: Person, service: Serving, observed: Observed
) -> None:
    page = person.page
    page.evaluate("window.notReloaded = true")
    service.stop()
    banner = page.locator(".banner.lost")
    expect(banner).to_contain_text("Server lost.")
    expect(banner).to_contain_text("What is shown was true at")
    expect(page.locator("#urgent")).to_have_text("The server is lost. What is shown is old.")
    expect(page.locator(".badge.server")).to_have_text("○ Server lost")
    page.get_by_role("link", name="Queue", exact=True).click()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".toast.error")).to_contain_text("The server cannot be reached.")
    page.get_by_role("link", name="Live", exact=True).click()
    service.start()
    expect(page.locator(".badge.server")).to_have_text("● Connected")
    expect(banner).to_be_hidden()
    expect(page.locator("#polite")).to_contain_text("The server is there again.")
    assert page.evaluate("window.notReloaded") is True
    person.propose_generated()
    page.get_by_role("button", name="Withdraw").click()
    expect(person.region("Queue")).to_contain_text("withdrawn")
    observed.check(outage=True)
