"""Error over delivered meterset."""

from dataclasses import dataclass

import numpy as np

from gateway.adapters.report.canvas import Canvas, label, number, points, quantity, signed
from gateway.adapters.report.markup import figure, tag, text
from gateway.adapters.report.wording import UNIT_SIGNS, axis_name
from gateway.domain.reconciliation import Tolerance
from gateway.domain.units import FloatArray

COLUMNS = 300
"""Curves are drawn as the lowest and highest error in so many steps of meterset."""

CLOSE = 40.0
"""Lines nearer than this have no room for two labels."""


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """Errors of one axis: ``error`` is (n,), or (leaves, n) for an MLC.

    ``marked`` is the leaf (index) to show as a line of its own and ``marked_name`` what it is
    called.
    """

    axis: str
    unit: str
    meterset_mu: FloatArray
    error: FloatArray
    tolerance: Tolerance | None
    marked: int | None = None
    marked_name: str = ""


def curve_figure(curve: ErrorCurve) -> str:
    """The curve with its tolerance."""
    errors = np.atleast_2d(curve.error)
    limit = curve.tolerance.maximum if curve.tolerance is not None else None
    reach = 1.12 * max(float(np.abs(errors).max(initial=0.0)), limit or 0.0, 0.05)
    end = max(float(curve.meterset_mu[-1]), 1e-3)
    start = min(float(curve.meterset_mu[0]), 0.0 if curve.meterset_mu[0] < end / 4 else end)
    canvas = Canvas.of((start, end), (-reach, reach), 200.0)
    unit = UNIT_SIGNS[curve.unit]
    low, high, at = _envelope(curve.meterset_mu, errors)
    parts = [canvas.axes("delivered meterset (MU)", f"error ({unit})")]
    parts.append(_band(canvas, at, low, high))
    if curve.marked is not None:
        low, high, at = _envelope(curve.meterset_mu, errors[curve.marked : curve.marked + 1])
        middle = np.where(np.abs(low) > np.abs(high), low, high)
        parts.append(tag("polyline", points=_line(canvas, at, middle), class_="guilty"))
    if limit is not None:
        parts.append(_limits(canvas, limit, unit))
    worst = float(errors.flat[int(np.argmax(np.abs(errors)))])
    name = axis_name(curve.axis)
    title = f"{name}: error over meterset"
    spoken = f"Largest error {signed(worst, 2)} {curve.unit}" + (
        f", tolerance {number(limit)} {curve.unit}." if limit is not None else "."
    )
    return figure(title, canvas.svg(spoken, *parts, name=title), _caption(curve, worst, limit))


def _caption(curve: ErrorCurve, worst: float, limit: float | None) -> str:
    unit = UNIT_SIGNS[curve.unit]
    words = [f"Largest {quantity(signed(worst, 2), unit)}"]
    allowed = f"tolerance \u00b1{quantity(number(limit), unit)} (dashed)" if limit else None
    words.append(allowed or "no tolerance set")
    if curve.error.ndim == 2:
        words.append("band: all leaves")
    caption = text("; ".join(words) + ".")
    if curve.marked is not None:
        caption += " " + tag("span", text(f"Line: {curve.marked_name}."), class_="key guilty-key")
    return caption


def _limits(canvas: Canvas, limit: float, unit: str) -> str:
    """Dashed lines at both tolerances, labelled where there is room between them."""
    left, right = canvas.x.start, canvas.x.end
    upper, lower = canvas.y(limit), canvas.y(-limit)
    lines = "".join(
        tag("line", x1=left, y1=at, x2=right, y2=at, class_="limit") for at in (upper, lower)
    )
    if lower - upper < CLOSE:
        words = f"\u00b1{quantity(number(limit), unit)}"
        return lines + label(words, right - 4, upper - 4, "end", "limit-name")
    return (
        lines
        + label(quantity(signed(limit, 1), unit), right - 4, upper + 12, "end", "limit-name")
        + label(quantity(signed(-limit, 1), unit), right - 4, lower - 4, "end", "limit-name")
    )


def _band(canvas: Canvas, at: FloatArray, low: FloatArray, high: FloatArray) -> str:
    outline = f"{_line(canvas, at, high)} {_line(canvas, at[::-1], low[::-1])}"
    return tag("polygon", points=outline, class_="band")


def _line(canvas: Canvas, at: FloatArray, level: FloatArray) -> str:
    xs = np.array([canvas.x(value) for value in at])
    return points(xs, np.array([canvas.y(value) for value in level]))


def _envelope(
    meterset_mu: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lowest and highest error, and the meterset, of each step that has samples."""
    low, high = errors.min(axis=0), errors.max(axis=0)
    if meterset_mu.size <= COLUMNS:
        return low, high, meterset_mu
    edges = np.linspace(meterset_mu[0], meterset_mu[-1], COLUMNS + 1)[:-1]
    starts = np.unique(np.searchsorted(meterset_mu, edges))
    return (
        np.minimum.reduceat(low, starts),
        np.maximum.reduceat(high, starts),
        meterset_mu[starts],
    )
