"""Tables and headings of a Markdown document."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; cells are written as text, a bar in them as what it is."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def section(level: int, title: str, *parts: str) -> str:
    """A heading and what stands under it."""
    return "\n\n".join((f"{'#' * level} {title}", *(part.strip("\n") for part in parts if part)))


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
