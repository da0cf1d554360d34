"""Sheets of A4 with the report on them."""

from collections.abc import Callable
from io import BytesIO
from xml.etree import ElementTree as ET

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate

from gateway.adapters.report.pdf.flow import blocks
from gateway.adapters.report.pdf.fonts import REGULAR, printable
from gateway.adapters.report.pdf.styles import WARN

MARGIN = 14 * mm
FOOT = 8 * mm


def report_pdf(page: str, title: str, foot: str) -> bytes:
    """``page`` (the HTML of ``render_report``) as PDF, the same bytes every time.

    ``title`` is the document's; ``foot`` stands below every sheet beside its number.
    """
    body = ET.fromstring(_body_of(page))  # noqa: S314
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + FOOT,
        title=title,
        author="linac-gateway",
        invariant=True,
        lang="en",
    )
    width = A4[0] - 2 * MARGIN - 12
    footer = _footer(foot)
    document.build(list(blocks(body, width)), onFirstPage=footer, onLaterPages=footer)
    return file.getvalue()


def _body_of(page: str) -> str:
    """The body, which is well-formed XML but for one entity of HTML."""
    start, end = page.index("<body>"), page.rindex("</body>")
    return page[start:end].replace("&nbsp;", "\u00a0") + "</body>"


def _footer(words: str) -> Callable[[Canvas, SimpleDocTemplate], None]:
    def draw(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(HexColor(WARN))
        canvas.drawString(MARGIN, MARGIN, printable(words))
        canvas.drawRightString(A4[0] - MARGIN, MARGIN, f"page {document.page}")
        canvas.restoreState()

    return draw
