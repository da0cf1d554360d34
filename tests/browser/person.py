"""What a person does with the dashboard, everything by what it says."""

import re

from playwright.sync_api import Locator, Page, expect

BOUND_MS = 60_000
PAGES = {"Live": "Live room", "Queue": "Queue", "Deliveries": "Deliveries"}


class Person:
    """Somebody before a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(BOUND_MS)
        page.set_default_navigation_timeout(BOUND_MS)

    def open(self, address: str) -> None:
        """Open the dashboard and see that it hears the room."""
        self.page.goto(address)
        expect(self.page.locator(".badge.server")).to_have_text("● Connected")

    def go(self, name: str) -> None:
        """By the links on top."""
        self.page.get_by_role("link", name=name, exact=True).click()
        expect(self.page).to_have_title(f"{PAGES[name]} – linac-gateway")

    def propose_generated(self) -> None:
        """What the first page offers."""
        self.page.get_by_role("button", name="Propose a generated arc plan").click()
        expect(self.item("vmat", "proposed")).to_be_visible()

    def arm(self) -> None:
        """The second step, in its dialog."""
        self.item("vmat", "proposed").get_by_role("button", name="Arm…").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Arm for 60 s").click()
        expect(self.region("Queue").get_by_text(re.compile("armed for [0-9]+"))).to_be_visible()

    def deliver(self) -> None:
        """And wait for the beam, and for what it gives."""
        self.page.get_by_role("button", name="Deliver now").click()
        self.see_phase("beam on")
        self.page.wait_for_function(
            "() => parseFloat(document.querySelector('.meter-value').textContent) > 1"
        )

    def see_phase(self, phase: str) -> None:
        """Wait for what the room does."""
        expect(self.page.locator(".phase")).to_contain_text(phase)

    def command(self, name: str) -> None:
        """Hold, Resume or Abort."""
        self.page.get_by_role("group", name="Commands").get_by_role("button", name=name).click()

    def item(self, label: str, state: str) -> Locator:
        """The first of the queue with that plan, in that state."""
        items = self.region("Queue").locator(f".item[data-state={state}]")
        return items.filter(has_text=label).first

    def region(self, name: str) -> Locator:
        """A part of the page by its name."""
        return self.page.get_by_role("region", name=name, exact=True)
