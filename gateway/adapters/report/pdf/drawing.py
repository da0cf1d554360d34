"""The report's drawings on a PDF page: the SVG that the report itself writes, and no other."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from xml.etree.ElementTree import Element

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from gateway.adapters.report.pdf.fonts import BOLD, REGULAR, printable, width
from gateway.adapters.report.pdf.styles import DEFAULT_SHAPE, DEFAULT_TEXT, LOOKS, Look

_TURNED = re.compile(r"rotate\((-?[\d.]+) (-?[\d.]+) (-?[\d.]+)\)")
_STEP = re.compile(r"([MLHVZmlhvz])([^MLHVZmlhvz]*)")
_NUMBER = re.compile(r"-?[\d.]+")


class Drawing(Flowable):  # type: ignore[misc]
    """An ``svg`` element as a block of a page, as wide as it is given room."""

    def __init__(self, svg: Element) -> None:
        super().__init__()
        self._svg = svg
        _, _, self._columns, self._rows = (float(part) for part in svg.attrib["viewBox"].split())

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        """Its size on paper, points."""
        self.width = available_width
        self.height = available_width * self._rows / self._columns
        return self.width, self.height

    def draw(self) -> None:
        """Paint with y downwards, as SVG has it."""
        canvas: Canvas = self.canv
        scale = self.width / self._columns
        canvas.saveState()
        canvas.translate(0.0, self.height)
        canvas.scale(scale, -scale)
        clips = {found.attrib["id"]: found[0] for found in self._svg.iter("clipPath")}
        _paint_all(canvas, self._svg, clips)
        canvas.restoreState()


def _paint_all(canvas: Canvas, parent: Element, clips: Mapping[str, Element]) -> None:
    for element in parent:
        if element.tag == "g":
            canvas.saveState()
            reference = element.attrib.get("clip-path", "")
            if reference:
                _clip(canvas, clips[reference.removeprefix("url(#").removesuffix(")")])
            _paint_all(canvas, element, clips)
            canvas.restoreState()
        elif element.tag not in _UNSEEN:
            canvas.saveState()
            _PAINTERS[element.tag](canvas, element)
            canvas.restoreState()


def _clip(canvas: Canvas, rectangle: Element) -> None:
    path = canvas.beginPath()
    path.rect(*_numbers(rectangle, "x", "y", "width", "height"))
    canvas.clipPath(path, stroke=0, fill=0)


def _rectangle(canvas: Canvas, element: Element) -> None:
    fill, stroke = _dress(canvas, element, DEFAULT_SHAPE)
    canvas.rect(*_numbers(element, "x", "y", "width", "height"), stroke=stroke, fill=fill)


def _line(canvas: Canvas, element: Element) -> None:
    _dress(canvas, element, DEFAULT_SHAPE)
    canvas.line(*_numbers(element, "x1", "y1", "x2", "y2"))


def _polyline(canvas: Canvas, element: Element) -> None:
    places = [tuple(map(float, pair.split(","))) for pair in element.attrib["points"].split()]
    if not places:
        return
    fill, stroke = _dress(canvas, element, DEFAULT_SHAPE)
    path = canvas.beginPath()
    path.moveTo(*places[0])
    for place in places[1:]:
        path.lineTo(*place)
    if element.tag == "polygon":
        path.close()
    canvas.drawPath(path, stroke=stroke, fill=fill)


def _path(canvas: Canvas, element: Element) -> None:
    fill, stroke = _dress(canvas, element, DEFAULT_SHAPE)
    path = canvas.beginPath()
    for draws, x, y in _corners(element.attrib["d"]):
        if draws:
            path.lineTo(x, y)
        else:
            path.moveTo(x, y)
    canvas.drawPath(path, stroke=stroke, fill=fill)


def _corners(steps: str) -> Iterator[tuple[bool, float, float]]:
    """The corners of M, L, H, V and Z (large: absolute, small: relative)."""
    x = y = start_x = start_y = 0.0
    for command, words in _STEP.findall(steps):
        kind, absolute = command.upper(), command.isupper()
        from_x, from_y = (0.0, 0.0) if absolute else (x, y)
        values = [float(value) for value in _NUMBER.findall(words)]
        if kind == "Z":
            x, y = start_x, start_y
            yield True, x, y
        for place, (first, second) in enumerate(_pairs(kind, values)):
            starts = kind == "M" and place == 0
            x = x if first is None else from_x + first
            y = y if second is None else from_y + second
            if starts:
                start_x, start_y = x, y
            yield not starts, x, y
            from_x, from_y = (0.0, 0.0) if absolute else (x, y)


def _pairs(kind: str, values: list[float]) -> list[tuple[float | None, float | None]]:
    if kind == "H":
        return [(value, None) for value in values]
    if kind == "V":
        return [(None, value) for value in values]
    return list(zip(values[::2], values[1::2], strict=True))


def _text(canvas: Canvas, element: Element) -> None:
    look, classes = _look(element, DEFAULT_TEXT)
    x, y = _numbers(element, "x", "y")
    words = printable("".join(element.itertext()))
    font = BOLD if look.bold else REGULAR
    size = look.size * _VERA_IS_WIDE
    turned = _TURNED.match(element.attrib.get("transform", ""))
    if turned:
        angle, about_x, about_y = map(float, turned.groups())
        canvas.translate(about_x, about_y)
        canvas.rotate(angle)
        canvas.translate(-about_x, -about_y)
    length = width(words, font, size)
    shift = {"middle": 0.5 * length, "end": length}
    canvas.translate(x - sum(shift.get(name, 0.0) for name in classes), y)
    canvas.scale(1.0, -1.0)
    if look.stroke is not None:
        canvas.setStrokeColor(HexColor(look.stroke))
        canvas.setLineWidth(look.width)
        _write(canvas, words, font, size, _OUTLINED)
    canvas.setFillColor(HexColor(look.fill))
    _write(canvas, words, font, size, _FILLED)


_FILLED, _OUTLINED = 0, 1
"""Text rendering modes (ISO 32000-1, 9.3.6)."""


def _write(canvas: Canvas, words: str, font: str, size: float, mode: int) -> None:
    canvas.saveState()
    line = canvas.beginText(0.0, 0.0)
    line.setFont(font, size)
    line.setTextRenderMode(mode)
    line.textOut(words)
    canvas.drawText(line)
    canvas.restoreState()


_VERA_IS_WIDE = 0.88
"""Vera is wider than the fonts that browsers take; so large, labels fit as they do there."""


def _image(canvas: Canvas, element: Element) -> None:
    x, y, columns, rows = _numbers(element, "x", "y", "width", "height")
    content = base64.b64decode(element.attrib["href"].partition(",")[2])
    canvas.translate(x, y + rows)
    canvas.scale(1.0, -1.0)
    canvas.drawImage(ImageReader(BytesIO(content)), 0.0, 0.0, columns, rows, mask="auto")


_PAINTERS: Mapping[str, Callable[[Canvas, Element], None]] = {
    "rect": _rectangle,
    "line": _line,
    "polyline": _polyline,
    "polygon": _polyline,
    "path": _path,
    "text": _text,
    "image": _image,
}


_UNSEEN = frozenset({"title", "desc", "clipPath"})
"""What a drawing carries that is not painted; anything else unknown is an error of ours."""


def _look(element: Element, default: Look) -> tuple[Look, list[str]]:
    classes = element.attrib.get("class", "").split()
    return next((LOOKS[name] for name in classes if name in LOOKS), default), classes


def _dress(canvas: Canvas, element: Element, default: Look) -> tuple[int, int]:
    """Set colours and lines; whether to fill and to stroke."""
    look, _ = _look(element, default)
    if look.fill is not None:
        canvas.setFillColor(HexColor(look.fill))
        canvas.setFillAlpha(look.opacity)
    if look.stroke is not None:
        canvas.setStrokeColor(HexColor(look.stroke))
        canvas.setLineWidth(look.width)
        canvas.setLineJoin(1)
        if look.dash is not None:
            canvas.setDash(*look.dash)
    return int(look.fill is not None), int(look.stroke is not None)


def _numbers(element: Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names]
