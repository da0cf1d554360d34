"""What the classes of the page and of its drawings look like on paper: style.css, in print."""

from dataclasses import dataclass

INK, SOFT, RULE, PANEL, PAGE = "#000000", "#444c55", "#b9c0c8", "#f4f6f8", "#ffffff"
PASS, PASS_BACK, FAIL, FAIL_BACK, WARN = "#12693a", "#e4f4ea", "#b3201a", "#fdeae8", "#7a5200"
PLANNED, ERROR, LEAF, LEAF_EDGE = "#1559b7", "#e2332a", "#aeb7c2", "#7d8894"
JAW_LINE, OUTLINE = "#3c4652", "#ff9d00"

CHIPS = {
    "pass": (PASS, PASS_BACK),
    "fail": (FAIL, FAIL_BACK),
    "error": (FAIL, FAIL_BACK),
    "warning": (WARN, "#fdf3d8"),
    "info": (SOFT, PANEL),
}
"""Ink and ground of a chip."""

KEYS = {
    "leaf-key": LEAF,
    "planned-key": PLANNED,
    "jaw-key": JAW_LINE,
    "error-key": ERROR,
    "guilty-key": ERROR,
    "log-mark-key": PLANNED,
    "image-mark-key": INK,
    "outline-key": OUTLINE,
}
"""The colour that a legend explains."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one class of a drawing is painted. None: not at all."""

    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, float] | None = None
    opacity: float = 1.0
    size: float = 12.0
    bold: bool = False


LOOKS = {
    "tick": Look(fill=SOFT, size=11.0),
    "name": Look(fill=SOFT),
    "area": Look(fill=PANEL, stroke=RULE),
    "frame": Look(stroke=RULE),
    "grid": Look(stroke=RULE, width=0.6),
    "band": Look(fill="#8fb4e8", stroke=PLANNED, width=0.8),
    "guilty": Look(stroke=ERROR, width=1.4),
    "limit": Look(stroke=INK, dash=(5.0, 4.0)),
    "limit-name": Look(fill=INK, size=10.5),
    "field": Look(fill="#fffbe6"),
    "leaf": Look(fill=LEAF, stroke=LEAF_EDGE, width=0.5),
    "planned": Look(stroke=PLANNED, width=1.8),
    "jaw": Look(fill="#46505f", opacity=0.28),
    "jaw-line": Look(stroke=JAW_LINE, width=1.2, dash=(6.0, 4.0)),
    "error": Look(fill=ERROR, opacity=0.75),
    "ring": Look(stroke=ERROR, width=2.5),
    "mark": Look(fill=FAIL, stroke=PAGE, width=3.0, bold=True),
    "isocentre": Look(stroke=INK),
    "arrow": Look(fill=ERROR),
    "hatch": Look(fill=SOFT, opacity=0.25),
    "log-mark": Look(stroke=PLANNED, width=1.6),
    "image-reach": Look(stroke=SOFT, width=0.6),
    "image-mark": Look(fill=INK),
    "image-guilty": Look(fill=ERROR, stroke=ERROR, width=1.6),
    "bar-tick": Look(stroke=INK),
    "outline": Look(stroke=OUTLINE, width=1.5),
    "bar": Look(stroke=PAGE, width=2.0),
    "bar-name": Look(fill=PAGE, stroke=INK, width=2.5, bold=True),
}
DEFAULT_SHAPE, DEFAULT_TEXT = Look(fill=INK), Look(fill=INK)
