"""The frame of a drawing: two scales, ticks, labels. SVG that takes its colours from the page."""

from dataclasses import dataclass

import numpy as np

from gateway.adapters.report.markup import tag, text

WIDTH = 440.0
"""Every drawing is this wide in its own units: legible from 350 to 700 pixels."""

_MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values [low, high] to drawing coordinates [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate of ``value``."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """At most ``most`` round values in range, in steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / max(most, 1)
        power = 10.0 ** np.floor(np.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
        first = np.ceil(self.low / step - 1e-9) * step
        count = int(np.floor((self.high - first) / step + 1e-9)) + 1
        return [float(first + index * step) for index in range(count)]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A drawing area with an x and a y scale inside a margin for the labels."""

    x: Scale
    y: Scale
    height: float

    @classmethod
    def of(
        cls,
        x: tuple[float, float],
        y: tuple[float, float],
        height: float,
        margin: tuple[float, float, float, float] = (10.0, 12.0, 38.0, 46.0),
    ) -> "Canvas":
        """A canvas for the value ranges ``x`` and ``y``; ``margin`` is top, right, bottom, left."""
        top, right, bottom, left = margin
        return cls(Scale(*x, left, WIDTH - right), Scale(*y, height - bottom, top), height)

    def axes(self, x_label: str, y_label: str) -> str:
        """Frame, grid, ticks and labels."""
        left, right = sorted((self.x.start, self.x.end))
        top, bottom = sorted((self.y.start, self.y.end))
        parts = [tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="area")]
        for value in self.x.ticks(6):
            at = self.x(value)
            parts.append(tag("line", x1=at, y1=top, x2=at, y2=bottom, class_="grid"))
            parts.append(label(number(value), at, bottom + 14, "middle"))
        for value in self.y.ticks(5):
            at = self.y(value)
            parts.append(tag("line", x1=left, y1=at, x2=right, y2=at, class_="grid"))
            parts.append(label(number(value), left - 5, at + 4, "end"))
        parts.append(label(x_label, (left + right) / 2, bottom + 31, "middle", "name"))
        middle = (top + bottom) / 2
        turn = f"rotate(-90 12 {middle:.1f})"
        parts.append(
            tag("text", text(y_label), x=12, y=middle, class_="name middle", transform=turn)
        )
        return "".join(parts)

    def svg(self, description: str, *content: str, name: str) -> str:
        """The drawing as an SVG image with an accessible name and description."""
        return tag(
            "svg",
            tag("title", text(name)),
            tag("desc", text(description)),
            *content,
            viewBox=f"0 0 {WIDTH:.0f} {self.height:.0f}",
            role="img",
            aria_label=f"{name}. {description}",
        )


def label(words: str, x: float, y: float, anchor: str = "start", kind: str = "tick") -> str:
    """A text at (x, y); ``anchor`` is start, middle or end."""
    return tag("text", text(words), x=x, y=y, class_=f"{kind} {anchor}")


def number(value: float, decimals: int | None = None) -> str:
    """``value`` for people, with a true minus sign."""
    shown = f"{value:.{decimals}f}" if decimals is not None else f"{value:.6g}"
    if float(shown) == 0:
        shown = shown.lstrip("-")
    return shown.replace("-", _MINUS)


def signed(value: float, decimals: int) -> str:
    """``value`` with its sign always shown."""
    shown = number(value, decimals)
    return shown if shown.startswith(_MINUS) or float(shown) == 0 else "+" + shown


def quantity(shown: str, unit: str) -> str:
    """A number with its unit sign: degrees follow without a space."""
    return shown + unit if unit == "\u00b0" else f"{shown}\u00a0{unit}".rstrip("\u00a0")


def points(xs: np.ndarray, ys: np.ndarray) -> str:
    """Coordinates of a polyline."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
