"""HTML and SVG as text, every value escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape

Attribute = str | float | int | None


_NO_TEXT = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2)."""


def text(value: object) -> str:
    """``value`` as escaped text; what is no character of a document is replaced."""
    return escape(_NO_TEXT.sub("\ufffd", str(value)), quote=True)


def tag(name: str, *inner: str, **attributes: Attribute) -> str:
    """An element with escaped attributes; ``inner`` is markup already.

    Attribute names are spelt with underscores for hyphens and a trailing underscore for Python's
    own words (``class_``, ``stroke_width``). None leaves an attribute out.
    """
    parts = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not inner:
        return f"<{name}{parts}/>" if name in _VOID else f"<{name}{parts}></{name}>"
    return f"<{name}{parts}>{''.join(inner)}</{name}>"


def table(
    caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]], class_: str | None = None
) -> str:
    """A table of markup cells; the first cell of a row is its header.

    The roles keep it a table for a screen reader where narrow screens lay it out as cards.
    """
    head = "".join(tag("th", text(name), scope="col", role="columnheader") for name in headers)
    body = []
    for row in rows:
        first = tag("th", row[0], scope="row", role="rowheader")
        cells = "".join(
            tag("td", tag("span", cell or "&nbsp;"), role="cell", data_label=header)
            for header, cell in zip(headers[1:], row[1:], strict=True)
        )
        body.append(tag("tr", first, cells, role="row"))
    return tag(
        "table",
        tag("caption", text(caption)),
        tag("thead", tag("tr", head, role="row"), role="rowgroup"),
        tag("tbody", *body, role="rowgroup"),
        class_=class_,
        role="table",
    )


def figure(title: str, drawing: str, caption: str, class_: str = "") -> str:
    """A drawing with its title above and its explanation below (``caption`` is markup)."""
    return tag(
        "figure",
        tag("h3", text(title)),
        drawing,
        tag("figcaption", caption),
        class_=class_ or None,
    )


_VOID = frozenset({"line", "rect", "path", "polyline", "polygon", "circle", "image", "img", "stop"})


def _attribute(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return text(value)
