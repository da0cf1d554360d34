"""Results of the reading commands on stdout: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.domain.findings import Finding, has_errors

if TYPE_CHECKING:
    from gateway.delivery.ledger import DeliveryEntry


def print_result(value: Any, text: str, *, as_json: bool) -> None:
    """``value`` as JSON, or ``text``."""
    out = json.dumps(value, ensure_ascii=False, indent=2) if as_json else text
    sys.stdout.write(out + "\n")


def show_findings(
    kind: str, name: str, findings: Sequence[Finding], bad_word: str, *, as_json: bool
) -> int:
    """Print findings about a ``kind`` of that name; the exit code: 1 where any is an error."""
    from gateway.app.summary import finding_row

    rows = [finding_row(finding) for finding in findings]
    bad = has_errors(findings)
    last = f"{name}: {bad_word if bad else 'sound'}"
    text = "\n".join((*(str(finding) for finding in findings), last))
    print_result({kind: name, "sound": not bad, "findings": rows}, text, as_json=as_json)
    return 1 if bad else 0


def show_history(rows: Sequence[Mapping[str, Any]], store: Path, *, as_json: bool) -> None:
    """Print one line a delivery of ``store``."""
    if as_json:
        print_result(list(rows), "", as_json=True)
        return
    if not rows:
        sys.stdout.write(f"no deliveries in {store}\n")
        return
    columns = ("delivery_id", "started", "plan", "fraction", "room", "state", "verdict")
    print_table(
        ("delivery", "started", "plan", "fraction", "room", "state", "verdict"), rows, columns
    )


def show_delivery(value: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one delivery."""
    if as_json:
        print_result(value, "", as_json=True)
        return
    lines = [
        f"delivery  {value['delivery_id']}  {value['started']}  seed {value['seed']}",
        f"plan      {value['plan']}  {value['plan_uid']}",
        f"fraction  {value['fraction']} of group {value['fraction_group']}",
        f"room      {value['room']}",
        f"state     {value['state']}, verdict {value['verdict'] or 'none yet'}",
        f"folder    {value['folder']}",
    ]
    if value["continues"]:
        lines.append(f"continues {value['continues']}")
    lines.append("")
    sys.stdout.write("\n".join(lines) + "\n")
    print_table(
        ("beam", "name", "planned MU", "from MU", "to MU", "ended", "why"),
        value["beams"],
        (
            "number",
            "name",
            "planned_mu",
            "start_mu",
            "end_mu",
            "termination_status",
            "termination_reason",
        ),
    )
    sys.stdout.write("\nevents\n")
    for event in value["events"]:
        beam = f" beam {event['beam']}" if "beam" in event else ""
        sys.stdout.write(f"  {event['sequence']:>6}  {event['at']}  {event['kind']}{beam}\n")


def show_resolved(entry: "DeliveryEntry", *, as_json: bool) -> None:
    """Print what a resolved delivery delivered."""
    beams = {beam.number: beam.end_meterset_mu for beam in entry.beams.values() if beam.certain}
    lines = [f"{entry.delivery_id}: {entry.outcome.value}"]
    lines += [
        f"  beam {beam.number}: {beam.end_meterset_mu:.3f} of {beam.planned_mu:.3f} MU"
        for beam in entry.beams.values()
        if beam.end_meterset_mu is not None
    ]
    value = {"delivery_id": entry.delivery_id, "state": entry.outcome.value, "beams": beams}
    print_result(value, "\n".join(lines), as_json=as_json)


def show_machines(value: Mapping[str, Sequence[Mapping[str, Any]]], *, as_json: bool) -> None:
    """Print machines and rooms."""
    if as_json:
        print_result(value, "", as_json=True)
        return
    for machine in value["machines"]:
        leaves = ", ".join(f"{device} {pairs} pairs" for device, pairs in machine["leaves"].items())
        modes = " ".join(machine["modes"])
        sys.stdout.write(f"{machine['name']}: {machine['model']}; {leaves}; {modes}\n")
    sys.stdout.write("\n")
    print_table(
        ("room", "machine", "panel", "simulated"),
        value["rooms"],
        ("name", "machine", "panel", "simulated"),
    )


def print_table(
    titles: Sequence[str], rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    """Print ``columns`` of the rows under their titles."""
    cells = [list(titles), *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
