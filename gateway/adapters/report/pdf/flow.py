"""From the elements of the page to blocks that flow over sheets of paper."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar
from xml.etree.ElementTree import Element

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, Table

from gateway.adapters.report.pdf.drawing import Drawing
from gateway.adapters.report.pdf.fonts import BOLD, REGULAR, printable
from gateway.adapters.report.pdf.fonts import width as text_width
from gateway.adapters.report.pdf.styles import FAIL, FAIL_BACK, PANEL, PASS, PASS_BACK, RULE, SOFT
from gateway.adapters.report.pdf.words import inline

T = TypeVar("T")
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=8, leading=10.5)
SMALL = ParagraphStyle("small", BODY, fontSize=7, leading=9, textColor=HexColor(SOFT))
CELL = ParagraphStyle("cell", BODY, fontSize=7, leading=9)
VALUE = ParagraphStyle("value", BODY, fontName=BOLD)
ANSWER = ParagraphStyle("answer", BODY, fontSize=11, leading=14.5)
HEADINGS = {
    "h1": ParagraphStyle("h1", BODY, fontName=BOLD, fontSize=22, leading=27),
    "h2": ParagraphStyle("h2", BODY, fontName=BOLD, fontSize=12, leading=16, spaceBefore=10),
    "h3": ParagraphStyle("h3", BODY, fontName=BOLD, fontSize=8.5, leading=11, spaceAfter=2),
}
FIGURES_ABREAST, FACTS_ABREAST = 2, 3
GUTTER = 10.0
CELL_PADDING, LONG_TEXT, LONGEST_WORD = 16.0, 45, 130.0
"""Points beside a cell's words; characters and points beyond which a cell asks for no more."""
HEADING_NEEDS = 90.0
"""Points that must be left on a sheet below a heading; else it goes to the next."""


def blocks(parent: Element, width: float) -> Iterator[Flowable]:
    """The blocks of what stands in ``parent``, ``width`` points wide."""
    for element in parent:
        classes = element.attrib.get("class", "").split()
        if "verdict" in classes:
            yield _banner(element, width, passed="pass" in classes)
        elif "grid" in classes:
            yield from _figures(element, width)
        elif element.tag == "table":
            yield from _table(element, width)
        elif element.tag == "dl":
            yield _facts(element, width)
        elif element.tag in HEADINGS:
            yield CondPageBreak(HEADING_NEEDS)
            yield Paragraph(_anchor(parent) + inline(element), HEADINGS[element.tag])
        elif element.tag == "p":
            yield Paragraph(inline(element), BODY)
        elif element.tag == "ul":
            yield from (Paragraph(inline(item), BODY, bulletText="-") for item in element)
        else:
            yield from blocks(element, width)


def _anchor(section: Element) -> str:
    name = section.attrib.get("id")
    return f'<a name="{name}"/>' if name else ""


def _banner(element: Element, width: float, *, passed: bool) -> Flowable:
    ink, ground = (PASS, PASS_BACK) if passed else (FAIL, FAIL_BACK)
    headline = ParagraphStyle("verdict", HEADINGS["h1"], textColor=HexColor(ink))
    rows: list[Flowable] = []
    for part in element:
        if part.tag == "h1":
            rows.append(Paragraph(inline(part), headline))
        elif part.tag == "ul":
            rows += [Paragraph(inline(item), BODY, bulletText="-") for item in part]
        else:
            large = "answer" in part.attrib.get("class", "")
            rows.append(Paragraph(inline(part), ANSWER if large else BODY))
    look = [
        ("BACKGROUND", (0, 0), (-1, -1), HexColor(ground)),
        ("BOX", (0, 0), (-1, -1), 1.5, HexColor(ink)),
        ("LEFTPADDING", (0, 0), (-1, -1), 10),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table([[row] for row in rows], colWidths=[width], style=look, spaceBefore=6)


def _figures(grid: Element, width: float) -> Iterator[Flowable]:
    """Drawings two abreast, side by side at one height; a row of them stays on one sheet."""
    column = (width - GUTTER * (FIGURES_ABREAST - 1)) / FIGURES_ABREAST
    drawn = [_figure(figure) for figure in grid.iter("figure")]
    style = [
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-2, -1), GUTTER),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, 1), 0),
    ]
    widths = [column + GUTTER] * (FIGURES_ABREAST - 1) + [column]
    blank: list[list[Flowable]] = [[], [], []]
    for row in _abreast(drawn, FIGURES_ABREAST, blank):
        rows = [list(part) for part in zip(*row, strict=True)]
        yield KeepTogether(Table(rows, colWidths=widths, style=style))


def _figure(figure: Element) -> list[list[Flowable]]:
    """Title, drawing and caption."""
    title, drawing, caption = figure
    return [
        [Paragraph(inline(title), HEADINGS["h3"])],
        [Drawing(drawing)],
        [Paragraph(inline(caption), SMALL)],
    ]


def _table(element: Element, width: float) -> Iterator[Flowable]:
    caption = element.find("caption")
    if caption is not None:
        yield CondPageBreak(HEADING_NEEDS)
        yield Paragraph(f"<b>{inline(caption)}</b>", BODY)
    heads = [
        [Paragraph(inline(cell), SMALL) for cell in row] for row in element.iterfind("thead/tr")
    ]
    rows = [[Paragraph(inline(cell), CELL) for cell in row] for row in element.iterfind("tbody/tr")]
    content = [*heads, *rows]
    if content:
        style = [
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, HexColor(RULE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
        shares = _column_widths(element, width)
        yield Table(content, colWidths=shares, style=style, repeatRows=len(heads))
    yield Spacer(0, 4)


def _paragraphs(rows: Iterable[Element], style: ParagraphStyle) -> list[list[Flowable]]:
    return [[Paragraph(inline(cell), style) for cell in row] for row in rows]


def _column_widths(table: Element, room: float) -> list[float]:
    """No word is broken; what is left goes to the columns with the longest texts."""
    rows = [*table.iterfind("thead/tr"), *table.iterfind("tbody/tr")]
    columns = [["".join(cell.itertext()) for cell in column] for column in zip(*rows, strict=True)]
    least = [max(_longest_word(cell) for cell in column) + CELL_PADDING for column in columns]
    longest = [min(max(len(cell) for cell in column), LONG_TEXT) for column in columns]
    left = max(room - sum(least), 0.0)
    return [
        word + left * text / max(sum(longest), 1) for word, text in zip(least, longest, strict=True)
    ]


def _longest_word(cell: str) -> float:
    words = printable(cell).split()
    widest = max((text_width(word, BOLD, CELL.fontSize) for word in words), default=0.0)
    return min(widest, LONGEST_WORD)


def _facts(element: Element, width: float) -> Flowable:
    """Names with their values, three abreast."""
    cells: list[list[Flowable]] = []
    blank: list[Flowable] = []
    for entry in element:
        name, value = entry
        cells.append([Paragraph(inline(name), SMALL), Paragraph(inline(value), VALUE)])
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), HexColor(PANEL)),
        ("INNERGRID", (0, 0), (-1, -1), 3, HexColor("#ffffff")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    rows = _abreast(cells, FACTS_ABREAST, blank)
    return Table(
        rows, colWidths=[width / FACTS_ABREAST] * FACTS_ABREAST, style=style, spaceBefore=6
    )


def _abreast(cells: Sequence[T], count: int, blank: T) -> list[list[T]]:
    rows = [list(cells[first : first + count]) for first in range(0, len(cells), count)]
    return [row + [blank] * (count - len(row)) for row in rows]
