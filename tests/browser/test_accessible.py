"""Every page at both widths, light and dark: axe, and nothing that is cut off."""

import itertools
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessible import require_accessible
from tests.browser.observed import Observed
from tests.browser.person import Person
from tests.browser.serving import Serving

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("browser")]

WIDTHS = {1280: 900, 390: 844}
SCHEMES = ("light", "dark")


@pytest.mark.parametrize(("width", "scheme"), list(itertools.product(WIDTHS, SCHEMES)))
def test_every_page(browser: Browser, service: Serving, width: int, scheme: Any) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme
    )
    observed = Observed(context, service.origin)
    person = Person(context.new_page())
    page = person.page
    try:
        person.open(service.origin)
        page.get_by_role("link", name="Sign in", exact=True).click()
        expect(page).to_have_title("Sign in – linac-gateway")
        require_accessible(page, "signing in")
        page.get_by_label("Token").fill(service.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".person")).to_contain_text("operator, may operate")
        require_accessible(page, "live room")
        see_a_plan(person)
        see_records(person)
        observed.check()
    finally:
        context.close()


def see_a_plan(person: Person) -> None:
    """Its findings, its place in the queue, and the dialog that arms it."""
    page = person.page
    person.go("Queue")
    page.get_by_label("Or have one generated").select_option("open-field")
    page.get_by_role("button", name="Generate").click()
    expect(person.region("Plan")).to_contain_text("deliverable here")
    person.region("Plan").get_by_role("button", name="Propose").click()
    mine = person.item("open-field", "proposed")
    expect(mine).to_be_visible()
    require_accessible(page, "queue")
    mine.get_by_role("button", name="Arm…").click()
    require_accessible(page, "arming")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    mine.get_by_role("button", name="Withdraw").click()
    expect(mine).to_be_hidden()


def see_records(person: Person) -> None:
    """History with its trend, and a delivery that did not pass."""
    page = person.page
    person.go("Deliveries")
    expect(person.region("Trends").locator(".u-legend")).to_be_visible()
    require_accessible(page, "history")
    page.get_by_role("radio", name="Fail").check()
    rows = person.region("Deliveries").locator("tbody tr")
    expect(rows.locator(".tag.pass")).to_have_count(0)
    rows.last.get_by_role("link").click()
    expect(person.region("Verdict")).to_contain_text("Output change")
    expect(person.region("Errors").locator("canvas.heat").first).to_be_visible()
    expect(person.region("Portal images").get_by_role("img")).to_be_visible()
    require_accessible(page, "delivery")
