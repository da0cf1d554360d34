"""``python -m tests.browser.pictures [FOLDER]``: the dashboard's pictures for the docs.

Each page at both widths, light and dark, of a service that is started for it.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium
from tests.browser.person import Person
from tests.browser.serving import Serving, record

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WIDTHS = {1280: 900, 390: 844}
SCHEMES = ("light", "dark")
HISTORY = (
    ("vmat",),
    ("sliding-window",),
    ("step-and-shoot",),
    ("vmat", "leaf-offset:beam=1,bank=X1,leaf=28,from_cp=60,offset_mm=1.2"),
    ("sliding-window",),
    ("open-field",),
    ("vmat",),
    ("vmat", "stuck-leaf:beam=1,bank=X2,leaf=30,from_cp=40"),
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as made:
        service = Serving(Path(made), speed="1")
        for kind, *faults in HISTORY:
            record(service.store, Path(made), kind, *faults, options=())
        service.start()
        try:
            with chromium() as browser:
                take_all(browser, service, folder)
        finally:
            service.stop()


def take_all(browser: Browser, service: Serving, folder: Path) -> None:
    person = Person(browser.new_page())
    person.open(service.address)
    for name, see in (("history", see_history), ("delivery", see_delivery), ("queue", see_queue)):
        see(person)
        take(person.page, folder, name)
    see_live(person)
    take(person.page, folder, "live")
    person.command("Abort")
    expect(person.page.locator(".idle")).to_be_visible()


def take(page: Page, folder: Path, name: str) -> None:
    """Both widths, light and dark, in a window that is as high as the page."""
    for width, height in WIDTHS.items():
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            whole = page.evaluate("() => document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(height, whole)})
            settle(page)
            keep(page.screenshot(), folder / f"{name}-{width}-{scheme}.webp")


def settle(page: Page) -> None:
    """Two frames after whatever came last: canvases are drawn in the next."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    page.wait_for_load_state("networkidle")


def keep(picture: bytes, path: Path) -> None:
    """Without loss, and small."""
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, lossless=True, method=6)


def see_history(person: Person) -> None:
    person.go("Deliveries")
    expect(person.region("Trends").locator(".u-legend")).to_be_visible()


def see_delivery(person: Person) -> None:
    """The newest of those that did not pass."""
    page = person.page
    page.get_by_role("radio", name="Fail").check()
    rows = person.region("Deliveries").locator("tbody tr")
    expect(rows.locator(".tag.pass")).to_have_count(0)
    rows.first.get_by_role("link").click()
    expect(person.region("Errors").locator("canvas.heat").first).to_be_visible()
    expect(person.region("Portal images").get_by_role("img")).to_be_visible()


def see_queue(person: Person) -> None:
    """A plan with findings, one that waits, one that was withdrawn."""
    page = person.page
    person.go("Queue")
    propose(person, "open-field")
    person.region("Queue").get_by_role("button", name="Withdraw").click()
    propose(person, "vmat")
    expect(page.locator(".toast").filter(has_text="vmat")).to_be_visible()
    expect(person.region("Queue").locator(".item[data-state=proposed]")).to_have_count(1)
    close_notes(page)


def propose(person: Person, technique: str) -> None:
    person.page.get_by_label("Or have one generated").select_option(technique)
    person.page.get_by_role("button", name="Generate").click()
    card = person.region("Plan")
    expect(card.get_by_role("heading", name=technique)).to_be_visible()
    expect(card).to_contain_text("deliverable here")
    card.get_by_role("button", name="Propose").click()
    expect(person.region("Queue").locator(".item[data-state=proposed]")).to_have_count(1)


def see_live(person: Person) -> None:
    """In the middle of an arc, with an image."""
    person.arm()
    person.deliver()
    close_notes(person.page)
    person.page.wait_for_function(
        "() => parseFloat(document.querySelector('.meter-value').textContent) > 200"
    )
    expect(person.region("Portal image")).to_contain_text("frame")


def close_notes(page: Page) -> None:
    page.locator(".toast button").evaluate_all("(buttons) => buttons.forEach((one) => one.click())")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
