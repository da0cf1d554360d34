"""What the status of a C-STORE response means for the object (PS3.4 B.2.3, PS3.7 annex C)."""

from enum import StrEnum


class Meaning(StrEnum):
    """What follows from a status.

    STORED: the peer has it. AGAIN: it may take it later. DUPLICATE: it has an object of that UID.
    REFUSED: it will not take this object.
    """

    STORED = "stored"
    AGAIN = "again"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


DUPLICATE_INSTANCE = 0x0111
TEXTS = {
    0x0000: "success",
    0x0110: "processing failure",
    DUPLICATE_INSTANCE: "duplicate SOP instance",
    0x0117: "invalid SOP instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorised",
    0x0210: "duplicate invocation",
    0x0211: "unrecognised operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xB000: "data elements coerced",
    0xB006: "elements discarded",
    0xB007: "data set does not match its SOP class, stored",
}
RANGES = (
    (0xA700, 0xA7FF, "out of resources"),
    (0xA900, 0xA9FF, "data set does not match its SOP class"),
    (0xC000, 0xCFFF, "cannot be understood"),
)
_WARNINGS = frozenset({0x0001, 0x0107, 0x0116, 0xB000, 0xB006, 0xB007})
_PASSING = frozenset({0x0110, 0x0213, *range(0xA700, 0xA800)})


def meaning(status: int) -> Meaning:
    """What a status means; one that no table knows refuses."""
    if status == 0x0000 or status in _WARNINGS:
        return Meaning.STORED
    if status in _PASSING:
        return Meaning.AGAIN
    return Meaning.DUPLICATE if status == DUPLICATE_INSTANCE else Meaning.REFUSED


def status_text(status: int, comment: str = "") -> str:
    """A status in words, with what is printable of the peer's own comment; "" for success."""
    if status == 0x0000:
        return ""
    text = TEXTS.get(status) or next(
        (words for first, last, words in RANGES if first <= status <= last), "unknown status"
    )
    printable = "".join(letter for letter in comment if letter.isprintable())
    said = f": {printable}" if printable else ""
    return f"{text} (0x{status:04X}){said}"
