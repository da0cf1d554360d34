"""The ``log`` command: machine logs on the terminal, and as a table for other programs."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.app.machine_log import MachineLog, beam_rows, export_beams, read_machine_logs
from gateway.cli.show_records import print_result, print_table

TITLES = ("beam", "samples", "seconds", "MU", "held s", "gantry from, to")
COLUMNS = ("beam", "samples", "duration_s", "meterset_mu", "held_s", "gantry_deg")


def show_logs(
    paths: Sequence[Path], out: Path | None, meterset_mu: float | None, *, as_json: bool
) -> None:
    """Print every log, and export all beams. Raises InputError, ConfigError."""
    logs = read_machine_logs(paths, meterset_mu)
    if out is not None:
        export_beams(logs, out)
    if as_json:
        print_result([_json(log) for log in logs], "", as_json=True)
        return
    for log in logs:
        about = "; ".join(f"{key} {value}" for key, value in log.about.items() if value)
        files = ", ".join(str(path) for path in log.files)
        sys.stdout.write(f"{files}: {log.kind}; {about}\n")
        rows = beam_rows(log)
        titles = tuple("share" if title == "MU" and log.in_shares else title for title in TITLES)
        print_table(
            titles, [row | {"gantry_deg": _from_to(row["gantry_deg"])} for row in rows], COLUMNS
        )
        if log.in_shares:
            sys.stdout.write("a dynalog tells shares of the dose; --meterset MU makes them MU\n")
    if out is not None:
        sys.stdout.write(f"{out}: {sum(len(log.beams) for log in logs)} beams\n")


def _json(log: MachineLog) -> dict[str, object]:
    return {
        "kind": log.kind,
        "files": [str(path) for path in log.files],
        **log.about,
        "beams": beam_rows(log),
    }


def _from_to(degrees: object) -> str:
    return ", ".join(map(str, degrees)) if isinstance(degrees, list) else str(degrees)
