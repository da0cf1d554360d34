"""The ``outbox`` command: what waits to be sent, and why."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.cli.show_records import print_result

if TYPE_CHECKING:
    from gateway.settings import Settings

EXIT_LEFT = 3
COLUMNS = ("item", "destination", "state", "object", "tries", "age", "reason")
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60


def show_outbox(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print what is on its way, then how many objects are in which state; all of it as JSON."""
    if as_json:
        print_result(list(rows), "", as_json=True)
        return
    _table([_cells(row) for row in rows if row["state"] != "done"])
    counts = Counter(row["state"] for row in rows)
    said = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    sys.stdout.write(f"{said or 'nothing was queued'}\n")


def run_outbox(
    settings: "Settings", node: str, retry: Sequence[int], *, send: bool, as_json: bool
) -> int:
    """Try ``retry`` again, ``send`` what waits, and show the outbox of ``node``.

    The exit code: 3 where it was to be sent and something is left.
    """
    from gateway.adapters.clock import SystemClock
    from gateway.app.node.outbox import list_outbox, retry_items, send_now
    from gateway.configuration.locate import config_roots
    from gateway.configuration.nodes import load_node

    clock, left = SystemClock(), False
    retry_items(settings, retry, clock.now_ns())
    if send:
        left = not send_now(
            settings,
            load_node(node, config_roots(settings.site), pseudonymise=settings.pseudonymise),
            clock,
        )
    show_outbox(list_outbox(settings, clock.now_ns()), as_json=as_json)
    return EXIT_LEFT if left else 0


def age_text(age_s: float) -> str:
    """How long an object has been on its way, in its largest units."""
    whole = int(age_s)
    for unit_s, unit, smaller_s, smaller in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "min"),
        (MINUTE_S, "min", 1, "s"),
    ):
        if whole >= unit_s:
            return f"{whole // unit_s} {unit} {whole % unit_s // smaller_s} {smaller}"
    return f"{whole} s"


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        str(row["item"]),
        row["destination"],
        row["state"],
        row["sop_instance_uid"],
        str(row["tries"]),
        age_text(row["age_s"]),
        row["reason"] or "-",
    ]


def _table(rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    cells = [COLUMNS, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
