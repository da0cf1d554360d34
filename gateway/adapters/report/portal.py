"""The portal image with the planned field over it."""

import numpy as np

from gateway.adapters.report.canvas import Canvas, number
from gateway.adapters.report.markup import figure, tag, text
from gateway.adapters.report.png import Bytes, png_data_uri
from gateway.domain.axes import JAWS, Axis
from gateway.domain.delivery import FrameKind, PanelIdentity, PortalFrame
from gateway.domain.plan import Beam
from gateway.domain.units import BoolArray, FloatArray, PixelArray

LARGEST = 420
"""Pixels across in the report; larger images are averaged down."""
WINDOW = (0.5, 99.8)
"""Percentiles of the signal shown as black and white."""
OPEN_MM = 1.0
MARGIN_MM = 30.0
BAR_MM = 50.0


def portal_figure(
    beam: Beam, frame: PortalFrame, panel: PanelIdentity, frames: int, notes: tuple[str, ...]
) -> str:
    """The image at the isocentre plane, the field that the plan opens at any time, and a scale."""
    pixel_mm = panel.pitch_mm * beam.sad_mm / panel.sid_mm
    outline = field_outline(beam)
    half_mm = _half_view(frame, pixel_mm, outline)
    canvas = Canvas.of((-half_mm, half_mm), (-half_mm, half_mm), 430.0)
    shown, extent_mm = _reduced(_cropped(frame.pixels, pixel_mm, half_mm), pixel_mm)
    low, high = (float(level) for level in np.percentile(shown, WINDOW))
    clip = f"portal-{beam.number}"
    left, top = canvas.x(-extent_mm[0]), canvas.y(extent_mm[1])
    picture = tag(
        "image",
        x=left,
        y=top,
        width=canvas.x(extent_mm[0]) - left,
        height=canvas.y(-extent_mm[1]) - top,
        preserveAspectRatio="none",
        href=png_data_uri(_grey(shown, low, high)),
    )
    area = tag(
        "rect",
        x=canvas.x.start,
        y=canvas.y.end,
        width=canvas.x.end - canvas.x.start,
        height=canvas.y.start - canvas.y.end,
    )
    loops = [tag("polygon", points=_path(canvas, loop), class_="outline") for loop in outline]
    title = "Portal image"
    kind = (
        "Integrated over the beam" if frame.kind is FrameKind.INTEGRATED else _cine(frame, frames)
    )
    window = (low * frame.cu_per_count, high * frame.cu_per_count)
    spoken = f"{kind}; brighter is more signal, window {number(window[0], 2)} to "
    spoken += f"{number(window[1], 2)} CU."
    return figure(
        title,
        canvas.svg(
            spoken,
            canvas.axes("X (mm at the isocentre)", "Y (mm at the isocentre)"),
            tag("clipPath", area, id=clip),
            tag("g", picture, *loops, clip_path=f"url(#{clip})"),
            _scale_bar(canvas),
            name=title,
        ),
        text(" ".join((spoken, *notes)))
        + " "
        + tag("span", "planned field, all control points", class_="key outline-key"),
        "square",
    )


def _cine(frame: PortalFrame, frames: int) -> str:
    return f"Frame {frame.number} of {frames}"


def field_outline(beam: Beam) -> list[FloatArray]:
    """Closed loops (n, 2) in mm around what the plan opens at any control point.

    In the frame of the receptor at the isocentre plane: turned by the first collimator angle.
    """
    x1, x2, y1, y2 = _jaw_limits(beam)
    loops: list[FloatArray] = []
    for device, positions in beam.leaves.items():
        boundaries = beam.devices[device].boundaries_mm
        if boundaries is None:
            continue
        pairs = boundaries.size - 1
        negative, positive = positions[:, :pairs], positions[:, pairs:]
        is_open: BoolArray = np.any(positive - negative > OPEN_MM, axis=0)
        reach = np.stack((negative.min(axis=0), positive.max(axis=0)))
        limits = (y1, y2, x1, x2) if device == "MLCY" else (x1, x2, y1, y2)
        loop = _stepped(boundaries, reach, is_open, limits)
        loops.append(loop[:, ::-1] if device == "MLCY" else loop)
    angle = np.radians(beam.axes[Axis.COLLIMATOR][0]) if Axis.COLLIMATOR in beam.axes else 0.0
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [loop @ turn for loop in loops or [_box(x1, x2, y1, y2)] if loop.size]


def _jaw_limits(beam: Beam) -> tuple[float, float, float, float]:
    found = [
        float(beam.axes[axis].min() if axis in (Axis.X1, Axis.Y1) else beam.axes[axis].max())
        if axis in beam.axes
        else default
        for axis, default in zip(JAWS, (-200.0, 200.0, -200.0, 200.0), strict=True)
    ]
    return found[0], found[1], found[2], found[3]


def _stepped(
    boundaries: FloatArray,
    reach: FloatArray,
    is_open: BoolArray,
    limits: tuple[float, float, float, float],
) -> FloatArray:
    """Up along the positive ends of the open pairs, down along the negative ones."""
    low, high, first, last = limits
    visible = is_open & (boundaries[1:] > first) & (boundaries[:-1] < last)
    chosen = np.flatnonzero(visible)
    if chosen.size == 0:
        return np.zeros((0, 2))
    chosen = np.arange(chosen[0], chosen[-1] + 1)
    sides = np.clip(np.stack((boundaries[chosen], boundaries[chosen + 1]), axis=1), first, last)
    ends = np.clip(np.repeat(reach[:, chosen], 2, axis=1), low, high)
    across = sides.ravel()
    right = np.stack((ends[1], across), axis=1)
    left = np.stack((ends[0], across), axis=1)[::-1]
    return np.vstack((right, left))


def _box(x1: float, x2: float, y1: float, y2: float) -> FloatArray:
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _half_view(frame: PortalFrame, pixel_mm: float, outline: list[FloatArray]) -> float:
    panel_mm = float(max(frame.pixels.shape)) * pixel_mm / 2
    needed = max((float(np.abs(loop).max()) for loop in outline), default=panel_mm)
    return min(panel_mm, needed + MARGIN_MM)


def _cropped(pixels: PixelArray, pixel_mm: float, half_mm: float) -> PixelArray:
    """The centre of the image out to ``half_mm``."""
    rows, columns = pixels.shape
    keep = int(np.ceil(half_mm / pixel_mm))
    down, right = max(rows // 2 - keep, 0), max(columns // 2 - keep, 0)
    return pixels[down : rows - down, right : columns - right]


def _reduced(pixels: PixelArray, pixel_mm: float) -> tuple[FloatArray, tuple[float, float]]:
    """Block means, at most LARGEST across, and their half width and height in mm.

    Pixels at the edge that fill no block are left out, on both sides alike.
    """
    block = max(1, int(np.ceil(max(pixels.shape) / LARGEST)))
    rows, columns = (size - size % block for size in pixels.shape)
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    kept = pixels[top : top + rows, left : left + columns].astype(np.float64)
    means: FloatArray = kept.reshape(rows // block, block, columns // block, block).mean(
        axis=(1, 3)
    )
    return means, (columns * pixel_mm / 2, rows * pixel_mm / 2)


def _grey(shown: FloatArray, low: float, high: float) -> Bytes:
    span = high - low if high > low else 1.0
    return np.rint(np.clip((shown - low) / span, 0.0, 1.0) * 255).astype(np.uint8)


def _path(canvas: Canvas, loop: FloatArray) -> str:
    return " ".join(f"{canvas.x(x):.1f},{canvas.y(y):.1f}" for x, y in loop)


def _scale_bar(canvas: Canvas) -> str:
    left = canvas.x.start + 12
    right = left + canvas.x(BAR_MM) - canvas.x(0.0)
    y = canvas.y.start - 12
    bar = f"M{left:.1f} {y - 4:.1f}v8M{left:.1f} {y:.1f}H{right:.1f}M{right:.1f} {y - 4:.1f}v8"
    words = tag("text", f"{BAR_MM:.0f} mm", x=(left + right) / 2, y=y - 8, class_="bar-name middle")
    return tag("path", d=bar, class_="bar") + words
