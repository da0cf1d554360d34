"""The beam's-eye view as it is on the screen, measured in its pixels."""

import base64
import io
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

CAPTURE = """(canvas) => ({
  update: Number(canvas.dataset.update),
  reach: Number(canvas.dataset.reachMm),
  turn: Number(canvas.dataset.turnDeg),
  picture: canvas.toDataURL("image/png"),
})"""
COLOURS = """() => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["planned", "leaf", "field"].map((name) =>
    [name, style.getPropertyValue(`--${name}`).trim()]));
}"""
BESIDE_PX = 8
"""How far from where it should be a line is looked for."""
NARROW_PX = 24
"""Pairs that are open less are not measured: the lines of their two ends lie too close."""
ALIKE = 110.0
"""Colours of a smaller distance (of RGB) have something of each other."""


@dataclass(frozen=True)
class End:
    """A leaf's end, and where it and its plan are, mm; ``side`` is where the leaf's body lies."""

    bank: str
    pair: int
    side: int
    across_mm: float
    actual_mm: float
    planned_mm: float


@dataclass(frozen=True)
class View:
    """A picture of the view, and the update of the feed that it shows. Collimator's frame, mm."""

    pixels: np.ndarray
    reach_mm: float
    turn_deg: float
    update: Any
    colours: dict[str, np.ndarray]

    @property
    def scale(self) -> float:
        """Pixels a millimetre."""
        return min(self.pixels.shape[:2]) / (2 * self.reach_mm)

    def along(self, end: End, offsets_px: np.ndarray, place_mm: float) -> np.ndarray:
        """The colours along the leaf's middle, so many pixels from a place, away from its bank."""
        x = place_mm - end.side * offsets_px / self.scale
        turn = math.radians(self.turn_deg)
        height, width = self.pixels.shape[:2]
        column = width / 2 + self.scale * (x * math.cos(turn) - end.across_mm * math.sin(turn))
        row = height / 2 - self.scale * (x * math.sin(turn) + end.across_mm * math.cos(turn))
        inside = (column >= 42) & (column < width) & (row >= 0) & (row < height - 17)
        found: np.ndarray = self.pixels[
            row.astype(int).clip(0, height - 1), column.astype(int).clip(0, width - 1)
        ].astype(float)
        found[~inside] = np.nan
        return found

    def planned_px(self, end: End) -> float:
        """How far the line of the plan lies from where the feed has it, pixels; NaN for no line."""
        offsets = np.arange(-BESIDE_PX, BESIDE_PX + 0.1, 0.25)
        colours = self.along(end, offsets, end.planned_mm)
        apart = np.linalg.norm(colours - self.colours["planned"], axis=1)
        weight = np.clip(1 - apart / ALIKE, 0, None)
        return float(weight @ offsets / weight.sum()) if weight.sum() > 1 else math.nan

    def leaf_and_field(self, end: End) -> tuple[float, float]:
        """How unlike a leaf it is behind the leaf's end, and how unlike the field before it."""
        colours = self.along(end, np.array([-6.0, 6.0]), end.actual_mm)
        leaf, field = (
            float(np.linalg.norm(colour - self.colours[name]))
            for colour, name in zip(colours, ("leaf", "field"), strict=True)
        )
        return leaf, field


def capture(page: Page, updates: dict[int, Any], after: int = 0) -> View:
    """What the canvas shows once it has drawn an update later than the one of number ``after``."""
    page.wait_for_function(
        "(after) => Number(document.querySelector('.bev-canvas').dataset.update) > after",
        arg=after,
    )
    shown = page.locator(".bev-canvas").evaluate(CAPTURE)
    picture = Image.open(io.BytesIO(base64.b64decode(shown["picture"].partition(",")[2])))
    colours = {name: _rgb(text) for name, text in page.evaluate(COLOURS).items()}
    pixels = np.asarray(picture.convert("RGB"))
    return View(pixels, shown["reach"], shown["turn"], updates[shown["update"]], colours)


def open_ends(view: View, boundaries_mm: list[float]) -> Iterator[End]:
    """The ends that stand free: pairs open far enough, well between the jaws."""
    sample = view.update["sample"]
    left, right, low, high = (sample["axes"][jaw][0] for jaw in ("X1", "X2", "Y1", "Y2"))
    margin = (BESIDE_PX + 4) / view.scale
    banks = sample["mlcs"]["MLCX"]
    places = np.array([banks["X1"], banks["X2"]])
    for pair, (lower, upper) in enumerate(itertools.pairwise(boundaries_mm)):
        ends = places[:, :, pair]
        if lower < low + margin or upper > high - margin:
            continue
        if ends[1].min() - ends[0].max() < NARROW_PX / view.scale:
            continue
        for bank, side, (actual, planned) in (("X1", -1, ends[0]), ("X2", 1, ends[1])):
            if left + margin < min(actual, planned) and max(actual, planned) < right - margin:
                yield End(bank, pair, side, (lower + upper) / 2, actual, planned)


def _rgb(text: str) -> np.ndarray:
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], float)
