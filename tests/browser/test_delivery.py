"""A generated plan, delivered by a person at the dashboard who looks on, and then stops it."""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import require_accessible
from tests.browser.bev import End, View, capture, open_ends
from tests.browser.observed import Observed
from tests.browser.person import Person
from tests.web.arc import arc_room

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("browser")]

BOUNDARIES_MM = list(map(float, arc_room().machine.mlcs["MLCX"].boundaries_mm))
VIEWS = 6
APART = 12
"""So many updates at least lie between two views: half a second."""
LINE_PX, ALIKE = 0.8, 40.0
MOVED_MM = 4.0


def test_a_person_delivers_watches_and_aborts(person: Person, observed: Observed) -> None:
    person.propose_generated()
    person.arm()
    person.deliver()
    watch_leaves(person.page, observed)
    expect(person.region("Portal image")).to_contain_text("frame")
    hold_and_resume(person)
    require_level_dials(person.page)
    require_accessible(person.page, "live room, beam on")
    delivery = abort(person)
    see_the_record(person, delivery)
    search(person, delivery)
    open_the_report(person, delivery)
    acknowledge(person, delivery)
    observed.check()


def watch_leaves(page: Page, observed: Observed) -> None:
    """In the gantry's frame (turned with the collimator) and in the collimator's."""
    views = [capture(page, observed.updates)]
    assert views[0].turn_deg != 0.0
    page.get_by_role("radio", name="Collimator").check()
    for _ in range(VIEWS):
        views.append(capture(page, observed.updates, views[-1].update["n"] + APART))
    assert [view.turn_deg for view in views[1:]] == [0.0] * VIEWS
    for view in views:
        require_as_told(view)
    require_moved(views[1], views[-1])


def require_as_told(view: View) -> None:
    """Lines of the plan and leaves are where the feed has them."""
    ends = list(open_ends(view, BOUNDARIES_MM))
    assert len(ends) >= 8
    for end in ends:
        assert abs(view.planned_px(end)) < LINE_PX, end
        leaf, field = view.leaf_and_field(end)
        assert leaf < ALIKE, end
        assert field < ALIKE, end


def require_moved(before: View, after: View) -> None:
    """Leaves went somewhere else, and where they were the picture is another one."""
    there = {(end.bank, end.pair): end for end in open_ends(before, BOUNDARIES_MM)}
    moved: Sequence[tuple[End, End]] = [
        (there[end.bank, end.pair], end)
        for end in open_ends(after, BOUNDARIES_MM)
        if (end.bank, end.pair) in there
        and abs(end.planned_mm - there[end.bank, end.pair].planned_mm) > MOVED_MM
    ]
    assert moved
    for old, _ in moved:
        assert not abs(after.planned_px(old)) < LINE_PX, old


def require_level_dials(page: Page) -> None:
    """However long their numbers are."""
    tops = page.locator(".dial-value").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 3
    assert max(tops) - min(tops) < 1.0


def hold_and_resume(person: Person) -> None:
    person.command("Hold")
    person.see_phase("held")
    person.command("Resume")
    person.see_phase("beam on")


def abort(person: Person) -> str:
    """By keyboard alone; the delivery's name."""
    page = person.page
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go to hold and abort")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Abort", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    last = page.get_by_role("link", name=re.compile("^Last delivery: D"))
    expect(last).to_be_visible()
    return last.inner_text().removeprefix("Last delivery: ")


def see_the_record(person: Person, delivery: str) -> None:
    person.page.get_by_role("link", name=f"Last delivery: {delivery}").click()
    verdict = person.region("Verdict")
    expect(verdict).to_contain_text(delivery)
    expect(verdict).to_contain_text("Terminated: beam 1")
    expect(verdict).to_contain_text("aborted by operator")
    beams = person.region("Beams")
    expect(beams).to_contain_text("OPERATOR")
    events = person.region("Event log")
    for kind in ("beam-on", "hold", "resume", "beam-end", "verdict"):
        expect(events.get_by_role("rowheader", name=kind, exact=True).first).to_be_attached()
    expect(person.region("Errors").locator(".u-legend").first).to_be_visible()
    expect(person.region("Errors").locator("canvas.heat").first).to_be_visible()


def search(person: Person, delivery: str) -> None:
    person.go("Deliveries")
    rows = person.region("Deliveries").locator("tbody tr")
    expect(rows).not_to_have_count(1)
    person.page.get_by_label("Search").fill(delivery)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(delivery)
    person.page.get_by_label("Search").fill("nothing is called so")
    expect(person.region("Deliveries")).to_contain_text("No delivery like that.")
    person.page.get_by_label("Search").fill(delivery)
    rows.get_by_role("link").click()


def open_the_report(person: Person, delivery: str) -> None:
    with person.page.expect_popup() as opened:
        person.page.get_by_role("link", name="Report", exact=True).click()
    report = opened.value
    expect(report.locator("body")).to_contain_text(delivery)
    report.close()


def acknowledge(person: Person, delivery: str) -> None:
    """That it did not pass; there may be others."""
    person.go("Live")
    bar = person.region("Alarms to acknowledge")
    alarm = bar.locator("li.alarm").filter(has_text=delivery).filter(has_text="not passed")
    alarm.get_by_role("button", name="Acknowledge").click()
    expect(alarm).to_have_count(0)
    known = person.region("Acknowledged alarms").locator("li.alarm").filter(has_text=delivery)
    expect(known).to_contain_text("acknowledged by operator")
