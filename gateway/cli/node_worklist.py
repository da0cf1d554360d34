"""The ``worklist`` command: what is scheduled for a room, and what this node does of it."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.steps import Phase, Step
from gateway.app.node.worklist import (
    follow_step,
    full_name,
    list_steps,
    list_worklist,
    no_name,
    station_of,
    step_row,
    want_step,
)
from gateway.cli.show_records import print_result
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.domain.node import Node
from gateway.settings import Settings

EXIT_CODES = {Phase.COMPLETED: 0, Phase.CANCELED: 4, Phase.NOT_CLAIMED: 4, Phase.LOST: 3}
EXIT_GOES_ON = 4
SCHEDULED = ("step", "start", "plan", "fraction", "type", "inputs", "patient")
PERFORMED = ("step", "phase", "delivery_id", "changed", "reason")


def run_worklist(
    settings: Settings, node_name: str, room: str, *, names: bool, as_json: bool
) -> None:
    """List what is scheduled for a room, and what this node has done of its worklist."""
    node = _node(settings, node_name)
    station = station_of(settings, room).value
    shown = full_name if names else no_name
    scheduled = list_worklist(node, station, SystemClock().now_ns(), shown)
    steps = list_steps(settings)
    if as_json:
        print_result({"station": station, "scheduled": scheduled, "steps": steps}, "", as_json=True)
        return
    columns = SCHEDULED if names else SCHEDULED[:-1]
    _table(f"scheduled for {station}", columns, scheduled)
    _table("performed here", PERFORMED, steps)


def run_claim(
    settings: Settings, node_name: str, uid: str, room: str, *, as_json: bool, quiet: bool
) -> int:
    """Have the room's service perform a step, and follow it to its end; the exit code.

    0 completed, 4 not performed, canceled, or followed no further, 3 lost to the manager.
    """
    node = _node(settings, node_name)
    want_step(settings, node, uid, room, SystemClock())
    code = EXIT_GOES_ON
    try:
        for step in follow_step(settings, uid):
            code = EXIT_CODES.get(step.phase, EXIT_GOES_ON)
            if as_json and step.ended:
                print_result(step_row(step), "", as_json=True)
            elif not quiet and not as_json:
                _tell(step)
    except KeyboardInterrupt:
        sys.stderr.write("not followed any further; the service goes on with it\n")
        return EXIT_GOES_ON
    return code


def _tell(step: Step) -> None:
    why = step.waiting or step.reason
    sys.stdout.write(f"{step.phase}{f': {_shown(why)}' if why else ''}\n")
    sys.stdout.flush()


def _node(settings: Settings, name: str) -> Node:
    return load_node(name, config_roots(settings.site), pseudonymise=settings.pseudonymise)


def _table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        sys.stdout.write(f"{title}: nothing\n")
        return
    sys.stdout.write(f"{title}\n")
    cells = [list(columns), *([_shown(row[column]) for column in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"  {line.rstrip()}\n")


def _shown(value: object) -> str:
    """A value for a terminal, without what a peer might have put in to steer it."""
    text = "" if value is None else str(value)
    return "".join(letter for letter in text if letter.isprintable()) or "-"
