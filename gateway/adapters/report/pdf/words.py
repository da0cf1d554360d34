"""Text of the page as reportlab's paragraphs want it."""

import re
from html import escape
from xml.etree.ElementTree import Element

from gateway.adapters.report.pdf.fonts import printable
from gateway.adapters.report.pdf.styles import CHIPS, KEYS, SOFT


def inline(element: Element) -> str:
    """What stands in ``element``, with its strong words, chips, keys and links."""
    parts = [_own(element.text)]
    for child in element:
        if child.attrib.get("aria-hidden") != "true":
            parts.append(_dressed(child))
        parts.append(_own(child.tail))
    return "".join(parts)


LONGEST_WORD = 80
"""Characters of a word without a gap; of a longer one the rest is in the HTML."""
_TOO_LONG = re.compile(rf"(\S{{{LONGEST_WORD}}})\S+")


def _own(words: str | None) -> str:
    return escape(_TOO_LONG.sub(r"\1...", printable(words)), quote=False) if words else ""


def _dressed(element: Element) -> str:
    words = inline(element)
    classes = element.attrib.get("class", "").split()
    if element.tag == "strong":
        return f"<b>{words}</b>"
    if "chip" in classes:
        ink, ground = next((CHIPS[name] for name in classes if name in CHIPS), CHIPS["info"])
        return f'<font color="{ink}" backColor="{ground}"><b>&nbsp;{words}&nbsp;</b></font>'
    if "key" in classes:
        colour = next((KEYS[name] for name in classes if name in KEYS), SOFT)
        return f'<font backColor="{colour}">&nbsp;&nbsp;&nbsp;</font>&nbsp;{words}&nbsp; '
    if element.tag == "a":
        return f'<a href="{escape(element.attrib["href"])}">{words}</a>'
    if "limit-cell" in classes:
        return f'<font color="{SOFT}">{words}</font>'
    return words
