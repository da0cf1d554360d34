"""What somebody sees who may only watch, and what a real room looks like."""

import json

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.accessible import require_accessible
from tests.browser.observed import Observed
from tests.browser.person import Person
from tests.browser.serving import Serving

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("browser")]


def test_who_is_not_signed_in_may_watch_only(
    context: BrowserContext, service: Serving, observed: Observed
) -> None:
    person = Person(context.new_page())
    person.open(service.origin)
    for name in ("Hold", "Abort"):
        expect(person.page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(person.page.get_by_role("link", name="Sign in to deliver")).to_be_visible()
    person.go("Queue")
    expect(person.page.get_by_role("button", name="Generate")).to_be_disabled()
    expect(person.page.get_by_text("Bringing a plan wants an operator")).to_be_visible()
    observed.check()


def test_real_hardware_is_not_to_be_missed(
    context: BrowserContext, service: Serving, observed: Observed
) -> None:
    context.route("**/api/v1/room", as_real)
    person = Person(context.new_page())
    person.open(service.address)
    banner = person.page.locator(".banner.real")
    expect(banner).to_contain_text("Real hardware.")
    for name in ("Queue", "Deliveries"):
        person.go(name)
        expect(banner).to_be_in_viewport()
    require_accessible(person.page, "real hardware")
    observed.check()


def as_real(route: Route) -> None:
    """The answer of a room that is not simulated."""
    answer = route.fetch()
    route.fulfill(response=answer, body=json.dumps(answer.json() | {"simulated": False}))
