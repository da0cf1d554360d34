"""Beam's-eye view: where leaves and jaws were, and where the plan wanted them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.adapters.report.canvas import Canvas, label, number, points, signed
from gateway.adapters.report.markup import figure, tag, text
from gateway.domain.axes import JAWS, Axis
from gateway.domain.plan import Beam
from gateway.domain.reconciliation import Aperture
from gateway.domain.units import BoolArray, FloatArray

MARGIN_MM = 18.0
SMALLEST_MM = 50.0
OPEN_MM = 1.0
"""A pair counts as open from this gap on."""
BEYOND_MM = 400.0
"""Leaves and jaws are drawn out to here, past any view."""


@dataclass(frozen=True, slots=True)
class ApertureView:
    """One MLC (None: jaws only) at one moment, seen from the source in the collimator's frame.

    ``marked`` is the guilty leaf as (index in DICOM order, its name); leaves farther than
    ``limit_mm`` from plan are drawn as errors. ``where`` says which moment it is, ``worst`` what
    was off most.
    """

    beam: Beam
    device: str | None
    planned: Aperture
    delivered: Aperture
    where: str
    limit_mm: float
    marked: tuple[int, str] | None = None
    worst: str = ""


def aperture_figure(view: ApertureView) -> str:
    """The drawing with its legend."""
    low, high = _window(view)
    canvas = Canvas.of((low[0], high[0]), (low[1], high[1]), 430.0)
    clip = f"bev-{view.beam.number}-{view.device or 'jaws'}"
    inside = [_area(canvas, "field")]
    if view.device is not None:
        inside += _leaves(canvas, view, view.device)
    inside += _jaws(canvas, view)
    inside.append(tag("path", d=_cross(canvas), class_="isocentre"))
    error = _worst_error(view)
    title = f"Beam's-eye view, {view.where}"
    spoken = f"Seen from the source; IEC X to the right, Y up, in mm at the isocentre. {error}"
    return figure(
        title,
        canvas.svg(
            spoken,
            canvas.axes("X (mm, IEC 61217)", "Y (mm, IEC 61217)"),
            tag("clipPath", _area(canvas, ""), id=clip),
            tag("g", *inside, clip_path=f"url(#{clip})"),
            _mark(canvas, view),
            name=title,
        ),
        _legend(view, error),
        "square",
    )


def _legend(view: ApertureView, error: str) -> str:
    keys = []
    if view.device is not None:
        keys.append(tag("span", "delivered leaves", class_="key leaf-key"))
        keys.append(tag("span", "planned leaf ends", class_="key planned-key"))
    if view.planned.axes.keys() & set(JAWS):
        keys.append(tag("span", "jaws", class_="key jaw-key"))
    if _errors_beyond(view).any():
        keys.append(tag("span", "out of tolerance", class_="key error-key"))
    layer = f"{view.device}. " if view.device is not None else ""
    return text(layer + error) + " " + " ".join(keys)


def _worst_error(view: ApertureView) -> str:
    if view.marked is not None:
        index, name = view.marked
        return f"{name} is {signed(_errors(view)[index], 1)} mm from plan."
    errors = _errors(view)
    if errors.size == 0 or view.worst:
        return view.worst
    return f"Largest leaf error here {number(float(np.abs(errors).max()), 2)} mm."


def _errors(view: ApertureView) -> FloatArray:
    if view.device is None:
        return np.zeros(0)
    errors: FloatArray = view.delivered.leaves[view.device] - view.planned.leaves[view.device]
    return errors


def _errors_beyond(view: ApertureView) -> BoolArray:
    beyond: BoolArray = np.abs(_errors(view)) > view.limit_mm
    return beyond


def _leaves(canvas: Canvas, view: ApertureView, device: str) -> list[str]:
    delivered, planned = view.delivered.leaves[device], view.planned.leaves[device]
    edges = _edges(view, device)
    pairs = edges.size - 1
    parts = []
    for index in range(2 * pairs):
        far = -BEYOND_MM if index < pairs else BEYOND_MM
        side = edges[index % pairs : index % pairs + 2]
        parts.append(_box(canvas, device, (far, float(delivered[index])), side, "leaf"))
    for index in map(int, np.flatnonzero(_errors_beyond(view))):
        side = edges[index % pairs : index % pairs + 2]
        reach = (float(planned[index]), float(delivered[index]))
        parts.append(_box(canvas, device, reach, side, "error"))
    for first in (0, pairs):
        tips = np.repeat(planned[first : first + pairs], 2)
        sides = np.repeat(edges, 2)[1:-1]
        xs, ys = (sides, tips) if device == "MLCY" else (tips, sides)
        line = points(
            np.array([canvas.x(value) for value in xs]), np.array([canvas.y(value) for value in ys])
        )
        parts.append(tag("polyline", points=line, class_="planned"))
    return parts


def _box(
    canvas: Canvas,
    device: str,
    travel: tuple[float, float],
    side: Sequence[float] | FloatArray,
    kind: str,
) -> str:
    along, across = sorted(travel), sorted(float(value) for value in side)
    x, y = (across, along) if device == "MLCY" else (along, across)
    left, right = canvas.x(x[0]), canvas.x(x[1])
    top, bottom = canvas.y(y[1]), canvas.y(y[0])
    return tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_=kind)


def _jaws(canvas: Canvas, view: ApertureView) -> list[str]:
    parts = []
    for axis in JAWS:
        if axis not in view.delivered.axes:
            continue
        at = view.delivered.axes[axis]
        far = -BEYOND_MM if axis in (Axis.X1, Axis.Y1) else BEYOND_MM
        device = "MLCY" if axis in (Axis.Y1, Axis.Y2) else "MLCX"
        parts.append(_box(canvas, device, (far, at), (-BEYOND_MM, BEYOND_MM), "jaw"))
        planned = view.planned.axes.get(axis, at)
        whole = (canvas.x(-BEYOND_MM), canvas.x(BEYOND_MM))
        high = (canvas.y(-BEYOND_MM), canvas.y(BEYOND_MM))
        if device == "MLCY":
            y = canvas.y(planned)
            parts.append(tag("line", x1=whole[0], y1=y, x2=whole[1], y2=y, class_="jaw-line"))
        else:
            x = canvas.x(planned)
            parts.append(tag("line", x1=x, y1=high[0], x2=x, y2=high[1], class_="jaw-line"))
    return parts


def _mark(canvas: Canvas, view: ApertureView) -> str:
    """An outline around the guilty leaf's error, and its name beside it."""
    if view.marked is None or view.device is None:
        return ""
    index, name = view.marked
    edges = _edges(view, view.device)
    pairs = edges.size - 1
    side = edges[index % pairs : index % pairs + 2]
    planned = float(view.planned.leaves[view.device][index])
    delivered = float(view.delivered.leaves[view.device][index])
    ring = _box(canvas, view.device, (planned, delivered), side, "ring")
    middle, across = (planned + delivered) / 2, float(np.mean(side))
    x, y = (across, middle) if view.device == "MLCY" else (middle, across)
    at_x = min(max(canvas.x(x), canvas.x.start + 90), canvas.x.end - 90)
    above = canvas.y(y) - 16
    at_y = above if above > canvas.y.end + 20 else canvas.y(y) + 26
    words = f"{name}: {signed(delivered - planned, 1)} mm"
    return ring + label(words, at_x, at_y, "middle", "mark")


def _edges(view: ApertureView, device: str) -> FloatArray:
    boundaries = view.beam.devices[device].boundaries_mm
    if boundaries is not None:
        return boundaries
    pairs = view.planned.leaves[device].size // 2
    return np.linspace(-200.0, 200.0, pairs + 1)


def _window(view: ApertureView) -> tuple[FloatArray, FloatArray]:
    """Lower left and upper right corner of a square that shows what is open, or wrong."""
    corners = _open_corners(view)
    jaw_low, jaw_high = _jaw_corners(view)
    corners = np.clip(corners, jaw_low, jaw_high) if corners.size else np.stack((jaw_low, jaw_high))
    if view.marked is not None and view.device is not None:
        corners = np.vstack((corners, _marked_corners(view, view.device)))
    low, high = corners.min(axis=0) - MARGIN_MM, corners.max(axis=0) + MARGIN_MM
    half = max(float((high - low).max()) / 2, SMALLEST_MM)
    middle = (low + high) / 2
    return middle - half, middle + half


def _open_corners(view: ApertureView) -> FloatArray:
    if view.device is None:
        return np.zeros((0, 2))
    edges = _edges(view, view.device)
    pairs = edges.size - 1
    found = []
    for positions in (view.planned.leaves[view.device], view.delivered.leaves[view.device]):
        negative, positive = positions[:pairs], positions[pairs:]
        for pair in map(int, np.flatnonzero(positive - negative > OPEN_MM)):
            ends = np.array([[negative[pair], edges[pair]], [positive[pair], edges[pair + 1]]])
            found.append(ends[:, ::-1] if view.device == "MLCY" else ends)
    return np.vstack(found) if found else np.zeros((0, 2))


def _marked_corners(view: ApertureView, device: str) -> FloatArray:
    index = view.marked[0] if view.marked is not None else 0
    edges = _edges(view, device)
    pair = index % (edges.size - 1)
    ends = np.array(
        [
            [view.planned.leaves[device][index], edges[pair]],
            [view.delivered.leaves[device][index], edges[pair + 1]],
        ]
    )
    return ends[:, ::-1] if device == "MLCY" else ends


def _jaw_corners(view: ApertureView) -> tuple[FloatArray, FloatArray]:
    axes = view.delivered.axes
    low = np.array([axes.get(Axis.X1, -200.0), axes.get(Axis.Y1, -200.0)])
    high = np.array([axes.get(Axis.X2, 200.0), axes.get(Axis.Y2, 200.0)])
    return low, high


def _area(canvas: Canvas, kind: str) -> str:
    width, height = canvas.x.end - canvas.x.start, canvas.y.start - canvas.y.end
    return tag(
        "rect", x=canvas.x.start, y=canvas.y.end, width=width, height=height, class_=kind or None
    )


def _cross(canvas: Canvas) -> str:
    x, y = canvas.x(0.0), canvas.y(0.0)
    return f"M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12"
