"""The ``find`` and ``fetch`` commands: what other application entities hold."""

import sys
from collections.abc import Sequence

from gateway.app.node.archive import IDENTITY, fetch, list_matches
from gateway.cli.ending import EXIT_IO
from gateway.cli.show_records import print_result, print_table
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.domain.errors import InputError
from gateway.domain.node import Node
from gateway.settings import Settings


def run_find(
    settings: Settings,
    node_name: str,
    peer: str,
    level: str,
    keys: Sequence[str],
    *,
    names: bool,
    as_json: bool,
) -> None:
    """List what a peer holds; names and IDs of patients where ``names`` asks for them."""
    parted = [key.partition("=") for key in keys]
    for keyword, equals, _ in parted:
        if not equals:
            raise InputError(f"{keyword}: a key is KEYWORD=VALUE, like PatientID=123")
    columns, rows = list_matches(
        _node(settings, node_name), peer, level, {keyword: value for keyword, _, value in parted}
    )
    shown = [column for column in columns if names or column not in IDENTITY]
    if as_json:
        print_result([{column: row[column] for column in shown} for row in rows], "", as_json=True)
    elif rows:
        print_table(
            shown, [{key: _plain(value) for key, value in row.items()} for row in rows], shown
        )
    else:
        sys.stdout.write("nothing matches\n")


def run_fetch(
    settings: Settings,
    node_name: str,
    peer: str,
    study: str,
    series: str,
    images: Sequence[str],
    *,
    as_json: bool,
) -> int:
    """Have a peer send objects to the running node; the exit code: 3 where any did not come."""
    moved = fetch(_node(settings, node_name), peer, study, series, images)
    value = {
        "completed": moved.completed,
        "warnings": moved.warnings,
        "failed": moved.failed,
        "failed_uids": list(moved.failed_uids),
    }
    lines = [str(moved), *(f"failed {uid}" for uid in moved.failed_uids)]
    print_result(value, "\n".join(lines), as_json=as_json)
    return EXIT_IO if moved.failed else 0


def _node(settings: Settings, name: str) -> Node:
    return load_node(name, config_roots(settings.site), pseudonymise=settings.pseudonymise)


def _plain(value: str) -> str:
    """Without what a peer might have put in to steer a terminal."""
    return "".join(letter for letter in value if letter.isprintable()) or "-"
