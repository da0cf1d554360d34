"""Leaf errors over the whole beam at one glance: leaf by control point."""

import numpy as np

from gateway.adapters.report.canvas import WIDTH, Canvas, Scale, label, number, signed
from gateway.adapters.report.markup import figure, tag, text
from gateway.adapters.report.png import Bytes, png_data_uri
from gateway.domain.axes import banks
from gateway.domain.reconciliation import LeafErrorMatrix
from gateway.domain.units import FloatArray

PANEL = 150.0
BEHIND = np.array([30, 110, 200])
AHEAD = np.array([208, 36, 44])
"""Blue for errors towards the negative side, red towards the positive."""
FULL_SCALE = 2.0
"""Colours are full at this multiple of the tolerance."""


def heat_map_figure(
    device: str, matrix: LeafErrorMatrix, limit_mm: float, marked: int | None = None
) -> str:
    """Both banks of an MLC, one above the other; ``marked`` is the guilty leaf (DICOM index).

    Of a beam that ended early little more is drawn than it reached.
    """
    last = int(matrix.control_points[-1]) if matrix.control_points.size else 0
    matrix, reached = _as_far_as_needed(matrix)
    pairs = matrix.errors.shape[0] // 2
    full = FULL_SCALE * limit_mm
    parts, top = [], 8.0
    for side, bank in reversed(list(enumerate(banks(device)))):
        errors = matrix.errors[side * pairs : (side + 1) * pairs]
        leaf = marked - side * pairs if marked is not None else None
        inside = leaf if leaf is not None and 0 <= leaf < pairs else None
        parts.append(_panel(errors, matrix, bank, top, full, inside))
        top += PANEL + 44
    parts.append(_colour_bar(top, full, limit_mm))
    worst = matrix.errors.flat[int(np.nanargmax(np.abs(matrix.errors)))] if _any(matrix) else 0.0
    title = f"Leaf errors, {device}: leaf by control point"
    spoken = f"Largest {signed(float(worst), 2)} mm; tolerance {number(limit_mm)} mm."
    svg = tag(
        "svg",
        tag("title", text(title)),
        tag("desc", text(spoken)),
        *parts,
        viewBox=f"0 0 {WIDTH:.0f} {top + 52:.0f}",
        role="img",
        aria_label=f"{title}. {spoken}",
    )
    note = f" Control points {reached + 1} to {last} were not reached." if reached < last else ""
    return figure(title, svg, text(f"{spoken} Colours are full at twice the tolerance.{note}"))


def _as_far_as_needed(matrix: LeafErrorMatrix) -> tuple[LeafErrorMatrix, int]:
    """``matrix`` to twice as far as the beam came, and the control point that it reached."""
    finite = np.flatnonzero(np.isfinite(matrix.errors).any(axis=0))
    if finite.size == 0:
        return matrix, -1
    keep = min(matrix.control_points.size, 2 * (int(finite[-1]) + 1))
    shown = LeafErrorMatrix(matrix.control_points[:keep], matrix.errors[:, :keep])
    return shown, int(matrix.control_points[finite[-1]])


def _any(matrix: LeafErrorMatrix) -> bool:
    return bool(np.isfinite(matrix.errors).any())


def _panel(
    errors: FloatArray,
    matrix: LeafErrorMatrix,
    bank: str,
    top: float,
    full: float,
    marked: int | None,
) -> str:
    pairs, count = errors.shape
    first = float(matrix.control_points[0]) if count else 0.0
    canvas = Canvas(
        Scale(first - 0.5, first + max(count, 1) - 0.5, 46.0, WIDTH - 34),
        Scale(0.5, pairs + 0.5, top + PANEL, top),
        top + PANEL,
    )
    width, height = canvas.x.end - canvas.x.start, PANEL
    parts = [
        tag("rect", x=46.0, y=top, width=width, height=height, class_="area"),
        _picture(errors, 46.0, top, width, full),
        _hatch(errors, canvas, first, top),
        tag("rect", x=46.0, y=top, width=width, height=height, class_="frame"),
    ]
    parts += [
        label(number(value), 41, canvas.y(value) + 4, "end")
        for value in canvas.y.ticks(5)
        if value >= 1
    ]
    parts += [
        label(number(value), canvas.x(value), top + PANEL + 14, "middle")
        for value in canvas.x.ticks(8)
        if value == int(value)
    ]
    name = f"leaf, bank {bank}"
    turn = f"rotate(-90 12 {top + PANEL / 2:.1f})"
    parts.append(
        tag("text", text(name), x=12, y=top + PANEL / 2, class_="name middle", transform=turn)
    )
    parts.append(label("control point", (46 + WIDTH - 34) / 2, top + PANEL + 30, "middle", "name"))
    if marked is not None:
        at = canvas.y(marked + 1)
        arrow = f"M{WIDTH - 32:.1f} {at:.1f}l8 -5v10z"
        parts.append(tag("path", d=arrow, class_="arrow"))
        parts.append(label(str(marked + 1), WIDTH - 22, at + 4, "start", "mark"))
    return "".join(parts)


def _picture(errors: FloatArray, x: float, y: float, width: float, full: float) -> str:
    return tag(
        "image",
        x=x,
        y=y,
        width=width,
        height=PANEL,
        preserveAspectRatio="none",
        class_="pixels",
        href=png_data_uri(_colours(errors[::-1], full)),
    )


def _colours(errors: FloatArray, full: float) -> Bytes:
    """Red or blue, the more opaque the larger the error: they stand on any background."""
    share = np.clip(np.nan_to_num(errors) / full, -1.0, 1.0)
    pixels = np.zeros((*errors.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where(share[..., np.newaxis] < 0, BEHIND, AHEAD)
    pixels[..., 3] = np.rint(np.abs(share) * 255)
    return pixels


def _hatch(errors: FloatArray, canvas: Canvas, first: float, top: float) -> str:
    """Cover the control points that the beam never reached."""
    if errors.size == 0:
        return ""
    parts = []
    missing = np.flatnonzero(np.isnan(errors[0]))
    for run in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
        if run.size:
            left, right = canvas.x(first + run[0] - 0.5), canvas.x(first + run[-1] + 0.5)
            parts.append(
                tag("rect", x=left, y=top, width=right - left, height=PANEL, class_="hatch")
            )
    return "".join(parts)


def _colour_bar(top: float, full: float, limit_mm: float) -> str:
    scale = Scale(-full, full, 90.0, WIDTH - 90)
    steps = np.linspace(-full, full, 129)[np.newaxis, :]
    parts = [
        tag("rect", x=90.0, y=top, width=WIDTH - 180, height=12.0, class_="area"),
        tag(
            "image",
            x=90.0,
            y=top,
            width=WIDTH - 180,
            height=12.0,
            preserveAspectRatio="none",
            href=png_data_uri(_colours(steps, full)),
        ),
        tag("rect", x=90.0, y=top, width=WIDTH - 180, height=12.0, class_="frame"),
    ]
    for value in (-full, -limit_mm, 0.0, limit_mm, full):
        at = scale(value)
        parts.append(tag("line", x1=at, y1=top, x2=at, y2=top + 16, class_="bar-tick"))
        parts.append(label(signed(value, 1), at, top + 28, "middle"))
    parts.append(label("mm; tolerance at the inner marks", WIDTH / 2, top + 44, "middle", "name"))
    return "".join(parts)
