"""The fonts of the PDF: Bitstream Vera, which comes with reportlab and is embedded."""

from functools import cache

from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "Vera", "VeraBd"
_UNKNOWN = "?"


@cache
def _glyphs() -> frozenset[int]:
    regular, bold = TTFont(REGULAR, "Vera.ttf"), TTFont(BOLD, "VeraBd.ttf")
    for font in (regular, bold):
        registerFont(font)
    registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(regular.face.charToGlyph) & frozenset(bold.face.charToGlyph)


def printable(words: str) -> str:
    """``words`` with a question mark for every character that the fonts lack."""
    known = _glyphs()
    return "".join(sign if ord(sign) in known else _UNKNOWN for sign in words)


def width(words: str, font: str, size: float) -> float:
    """How wide ``words`` are, in the unit of ``size``."""
    _glyphs()
    return float(stringWidth(words, font, size))
