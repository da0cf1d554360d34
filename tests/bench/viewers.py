"""What reaches a viewer in Chromium of a VMAT arc with 60 leaf pairs and 10 portal frames a second.

The web's process is the real one; an arc is told over the real feed. Nineteen further viewers
are WebSocket clients in one process: as many browsers would measure themselves on two processors.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from playwright.async_api import CDPSession, Page, async_playwright
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.figure import Better, Figure
from tests.bench.processes import beside, cpu_s_of
from tests.web.process import WebProcess, web_process

WARM_S, WINDOW_S = 5.0, 20.0
MORE_VIEWERS = 19
ONE_GOAL, TWENTY_GOAL, CORE_GOAL = 20.0, 15.0, 0.5
_WATCH = """async () => {
  const { onRoom, room } = await import("/js/room.js");
  const seen = (window.seen = { texts: 0, images: 0, painted: [] });
  let asked = 0;
  let last = null;
  onRoom((what) => {
    if (what === "update") seen.texts += 1;
    if (what === "image") seen.images += 1;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      const shown = room.update?.sample?.sequence;
      if (shown !== last) seen.painted.push(performance.now());
      last = shown;
    });
  });
}"""
"""Asked after the page's own listener, its frame comes after the page has drawn."""
_TAKE = """() => {
  const taken = { ...window.seen, painted: window.seen.painted.splice(0) };
  window.seen.texts = window.seen.images = 0;
  return taken;
}"""
_NUMBER = """async () => (await import("/js/room.js")).room.update.n"""


@dataclass(frozen=True)
class Seen:
    """One window: what the page painted, what the server did for it."""

    painted_per_s: float
    gap_p95_ms: float
    texts_per_s: float
    images_per_s: float
    server_cores: float
    page_cores: float
    encodings_per_update: float


def viewer_figures(folder: Path) -> Iterator[Figure]:
    """Skipped by name where Chromium is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("skipped: chromium is not installed\n")
        return
    one, twenty = asyncio.run(_measured(folder, chromium))
    for seen, who, goal in (
        (one, "one viewer", ONE_GOAL),
        (twenty, f"one of {MORE_VIEWERS + 1} viewers", TWENTY_GOAL),
    ):
        context = {
            "gap_p95_ms": seen.gap_p95_ms,
            "texts_per_s": seen.texts_per_s,
            "images_per_s": seen.images_per_s,
            "server_cores": seen.server_cores,
            "page_cores": seen.page_cores,
        }
        name = f"updates of a VMAT arc painted in Chromium, {who}"
        yield Figure(name, seen.painted_per_s, "1/s", Better.HIGHER, goal, context)
    name = f"encodings per update, {MORE_VIEWERS + 1} viewers"
    yield Figure(name, twenty.encodings_per_update, "1", Better.LOWER, 1.0)
    name = "processor time of the web's process, one viewer"
    yield Figure(name, one.server_cores, "cores", Better.LOWER, CORE_GOAL)


async def _measured(folder: Path, chromium: str) -> tuple[Seen, Seen]:
    async with web_process(folder / "store") as web, _page(web, chromium) as page:
        with beside("arc_process", str(web.feed), str(folder)):
            session = await page.context.new_cdp_session(page)
            await session.send("Performance.enable")
            await page.evaluate(_WATCH)
            one = await _window(web, page, session)
            crowd = (str(web.port), str(MORE_VIEWERS), "0")
            with beside("crowd_process", *crowd) as process:
                assert process.stdout is not None
                await asyncio.to_thread(process.stdout.readline)
                twenty = await _window(web, page, session)
    return one, twenty


@asynccontextmanager
async def _page(web: WebProcess, chromium: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(f"{web.origin}/#token={web.token}")
            await page.wait_for_selector(".bev-canvas")
            yield page
        finally:
            await browser.close()


async def _window(web: WebProcess, page: Page, session: CDPSession) -> Seen:
    await asyncio.sleep(WARM_S)
    began, encoded = await _told(web, page)
    page_s = await _main_thread_s(session)
    worked_s = cpu_s_of(web.child.pid)
    await page.evaluate(_TAKE)
    began_s = time.monotonic()
    await asyncio.sleep(WINDOW_S)
    seen = await page.evaluate(_TAKE)
    spent_s = time.monotonic() - began_s
    worked_s = cpu_s_of(web.child.pid) - worked_s
    page_s = await _main_thread_s(session) - page_s
    ended, encoded_then = await _told(web, page)
    painted_ms = np.array(seen["painted"])
    return Seen(
        painted_per_s=painted_ms.size / spent_s,
        gap_p95_ms=float(np.percentile(np.diff(painted_ms), 95)),
        texts_per_s=seen["texts"] / spent_s,
        images_per_s=seen["images"] / spent_s,
        server_cores=worked_s / spent_s,
        page_cores=page_s / spent_s,
        encodings_per_update=round((encoded_then - encoded) / (ended - began), 1),
    )


async def _told(web: WebProcess, page: Page) -> tuple[float, float]:
    """The number of the update that the page has, and how many were encoded, about then."""
    before = await page.evaluate(_NUMBER)
    encoded = await _encodings(web)
    return (before + await page.evaluate(_NUMBER)) / 2, encoded


async def _main_thread_s(session: CDPSession) -> float:
    """How long the page's main thread has worked."""
    found = (await session.send("Performance.getMetrics"))["metrics"]
    return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))


async def _encodings(web: WebProcess) -> float:
    async with httpx.AsyncClient(base_url=web.origin) as client:
        text = (await client.get("/metrics")).text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return next(one.value for one in samples if one.name == "linac_gateway_live_updates_total")
