"""What log and image say of every leaf, leaf by leaf against the plan."""

import math
from collections.abc import Sequence

from gateway.adapters.report.canvas import WIDTH, Canvas, Scale, label, number, signed
from gateway.adapters.report.markup import figure, tag, text
from gateway.domain.axes import banks
from gateway.domain.witnesses import Diagnosis, WitnessMatrix, WitnessRow

HEIGHT = 430.0
SMALLEST_MM = 0.5
"""The scale reaches at least so far: noise is not blown up."""
LARGEST_MM = 20.0
GAP = 46.0


def leaf_figure(matrix: WitnessMatrix, device: str) -> str:
    """Both banks of an MLC side by side; leaves upwards, difference to the right."""
    rows = [row for row in matrix.rows if row.axis == device and row.leaf is not None]
    reach = _reach(rows, matrix.threshold)
    pairs = max(row.leaf or 0 for row in rows)
    room = (WIDTH - 46.0 - 12.0 - GAP) / 2
    parts = []
    for side, bank in enumerate(banks(device)):
        left = 46.0 + side * (room + GAP)
        canvas = Canvas(
            Scale(-reach, reach, left, left + room),
            Scale(0.5, pairs + 0.5, HEIGHT - 38.0, 24.0),
            HEIGHT,
        )
        own = [row for row in rows if row.bank == bank]
        parts.append(_panel(canvas, own, bank, matrix.threshold, first=side == 0))
    title = f"Leaves by three witnesses, {device}"
    guilty = [row for row in rows if row.diagnosis is not Diagnosis.CORRECT]
    spoken = _spoken(guilty)
    svg = Canvas(canvas.x, canvas.y, HEIGHT).svg(spoken, *parts, name=title)
    keys = " ".join(
        (
            tag("span", f"{text(matrix.log_source)} minus plan", class_="key log-mark-key"),
            tag("span", "image minus plan, with its limit", class_="key image-mark-key"),
            tag("span", "named as a cause", class_="key guilty-key"),
        )
    )
    return figure(title, svg, text(spoken) + " " + keys, "square")


def _spoken(guilty: Sequence[WitnessRow]) -> str:
    if not guilty:
        return "No leaf differs from plan by more than its limit."
    seen = [row for row in guilty if math.isfinite(row.image_minus_planned.uncertainty)]
    if not seen:
        return f"Log and plan differ at {len(guilty)} leaves that the image does not see."
    worst = max(seen, key=_farthest)
    log, image = worst.logged_minus_planned.value, worst.image_minus_planned.value
    more = f" (and {len(guilty) - 1} more)" if len(guilty) > 1 else ""
    return (
        f"{worst.bank} leaf {worst.leaf}{more} is {signed(log, 2)} mm from plan in the log, "
        f"{signed(image, 2)} mm in the image."
    )


def _farthest(row: WitnessRow) -> float:
    return max(abs(row.logged_minus_planned.value), abs(row.image_minus_planned.value))


def _reach(rows: Sequence[WitnessRow], threshold: float) -> float:
    seen = [row.image_minus_planned for row in rows if math.isfinite(_limit(row, threshold))]
    sizes = [abs(one.value) + threshold * one.uncertainty for one in seen]
    sizes += [abs(row.logged_minus_planned.value) for row in rows]
    return 1.1 * min(max(max(sizes, default=0.0), SMALLEST_MM), LARGEST_MM)


def _limit(row: WitnessRow, threshold: float) -> float:
    return threshold * row.image_minus_planned.uncertainty


def _panel(
    canvas: Canvas, rows: Sequence[WitnessRow], bank: str, threshold: float, *, first: bool
) -> str:
    left, right = canvas.x.start, canvas.x.end
    top, bottom = canvas.y.end, canvas.y.start
    parts = [tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="area")]
    for value in canvas.x.ticks(4):
        at = canvas.x(value)
        parts.append(tag("line", x1=at, y1=top, x2=at, y2=bottom, class_="grid"))
        parts.append(label(number(value), at, bottom + 14, "middle"))
    parts += [
        label(number(value), left - 5, canvas.y(value) + 4, "end")
        for value in canvas.y.ticks(8)
        if value >= 1
    ]
    parts.append(label(f"bank {bank}", (left + right) / 2, top - 8, "middle", "name"))
    parts.append(label("minus plan (mm)", (left + right) / 2, bottom + 31, "middle", "name"))
    if first:
        middle = (top + bottom) / 2
        turn = f"rotate(-90 12 {middle:.1f})"
        parts.append(tag("text", "leaf", x=12, y=middle, class_="name middle", transform=turn))
    parts += [_leaf(canvas, row, threshold) for row in rows]
    return "".join(parts)


def _leaf(canvas: Canvas, row: WitnessRow, threshold: float) -> str:
    y = canvas.y(float(row.leaf or 0))
    log = _at(canvas, row.logged_minus_planned.value)
    parts = [tag("line", x1=log, y1=y - 2.5, x2=log, y2=y + 2.5, class_="log-mark")]
    limit = _limit(row, threshold)
    if math.isfinite(limit):
        value = row.image_minus_planned.value
        low, high, at = (_at(canvas, value + off) for off in (-limit, limit, 0.0))
        guilty = row.diagnosis is not Diagnosis.CORRECT
        kind = "image-guilty" if guilty else "image-mark"
        parts.append(tag("line", x1=low, y1=y, x2=high, y2=y, class_="image-reach"))
        parts.append(tag("rect", x=at - 1.6, y=y - 1.6, width=3.2, height=3.2, class_=kind))
    return "".join(parts)


def _at(canvas: Canvas, value: float) -> float:
    return min(max(canvas.x(value), canvas.x.start), canvas.x.end)
