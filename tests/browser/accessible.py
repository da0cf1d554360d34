"""What axe finds, and whether everything that is shown can be seen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("moderate", "serious", "critical")
AXE = Axe()
CUT = """() => {
  const wide = document.documentElement;
  const found = wide.scrollWidth > wide.clientWidth ? ["the page"] : [];
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility()) continue;
    if (element.closest(".unseen, .cards thead, svg, .uplot")) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const clips = style.overflowX !== "visible" && style.overflowX !== "auto";
    const hidden = clips && element.scrollWidth > element.clientWidth + 1;
    const outside = box.right > wide.clientWidth + 1 && !element.closest(".scrolled");
    if (hidden || outside) found.push(`${element.tagName}.${element.className}`);
  }
  return found;
}"""
"""What does not fit: wider than the window, or cut off by its own frame."""


def require_accessible(page: Page, where: str) -> None:
    """No finding of axe that is more than minor; nothing cut off sideways."""
    found = [
        f"{where}: {one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in AXE.run(page).response["violations"]
        if one["impact"] in SERIOUS
    ]
    assert not found, "\n".join(found)
    assert (where, page.evaluate(CUT)) == (where, [])
