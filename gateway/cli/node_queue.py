"""The ``queue`` command: plans that peers sent to be delivered."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.cli.show_records import print_result, print_table

if TYPE_CHECKING:
    from gateway.settings import Settings

COLUMNS = ("item", "from", "room", "plan", "state", "delivery_id", "queued", "reason")
TITLES = ("item", "from", "room", "plan", "state", "delivery", "queued", "reason")


def run_queue(settings: "Settings", *, as_json: bool) -> None:
    """List them, oldest first."""
    from gateway.app.node.queue import list_queue

    show_queue(list_queue(settings), as_json=as_json)


def show_queue(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print one line a plan."""
    if as_json:
        print_result(list(rows), "", as_json=True)
    elif rows:
        print_table(TITLES, [{key: row[key] or "-" for key in row} for row in rows], COLUMNS)
    else:
        sys.stdout.write("no plan was sent to be delivered\n")
