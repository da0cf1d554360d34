"""The commands about the DICOM network."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import options
from gateway.cli.application import app
from gateway.cli.options import Speed, common
from gateway.logs import LogFormat


class Level(StrEnum):
    """What a query looks for: the levels of the Study Root model."""

    STUDY = "study"
    SERIES = "series"
    IMAGE = "image"


@app.command()
def outbox(
    retry: Annotated[
        list[int] | None, typer.Option(metavar="ITEM", help="Try an item again; repeat for more.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send what waits now; exit 3 where something is left.")
    ] = False,
    node: Annotated[str, typer.Option(help="The node's configuration.")] = "default",
) -> None:
    """List what waits to be sent to archives and peers, and why."""
    from gateway.cli.node_outbox import run_outbox

    raise typer.Exit(
        run_outbox(common.settings(), node, retry or (), send=send, as_json=common.as_json)
    )


@app.command()
def queue() -> None:
    """List the plans that peers sent to be delivered, and how far each is."""
    from gateway.cli.node_queue import run_queue

    run_queue(common.settings(), as_json=common.as_json)


@app.command()
def validate(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|DIR...", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each file.")
    ] = False,
) -> None:
    """Validate DICOM objects against their IODs; exit 1 where any has an error."""
    from gateway.app.validate import validate_files
    from gateway.cli.node_validate import show_validated

    raise typer.Exit(show_validated(validate_files(paths), as_json=as_json or common.as_json))


@app.command()
def serve(
    room: Annotated[str, typer.Argument(help="The room that delivers.")] = "truebeam-m120",
    node: Annotated[str, typer.Option(help="The node's configuration.")] = "default",
    speed: Speed = None,
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Send objects under pseudonyms only.")
    ] = False,
    web: Annotated[bool, typer.Option(help="Serve dashboard and HTTP API too.")] = True,
    permit: options.Permit = "",
    log_format: Annotated[
        LogFormat | None,
        typer.Option(help="Lines of the log; default: JSON where they go to systemd's journal."),
    ] = None,
) -> None:
    """Serve a room, its dashboard and a DICOM node until stopped; prints one ready line."""
    from gateway.cli.node_serve import run_serve

    options.parse_speed(speed)
    run_serve(
        room,
        node,
        speed,
        common.settings(),
        config=common.config,
        pseudonymise=pseudonymise,
        web=web,
        permit=options.parse_permit(permit),
        log_format=None if log_format is None else log_format.value,
        as_json=common.as_json,
    )


@app.command()
def worklist(
    room: Annotated[str, typer.Option(help="The room whose machine is scheduled.")] = (
        "truebeam-m120"
    ),
    claim: Annotated[
        str | None, typer.Option(metavar="UID", help="Have the room's service perform a step.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Show names and IDs of patients.")] = False,
    node: Annotated[str, typer.Option(help="The node's configuration.")] = "default",
) -> None:
    """List the treatments scheduled for a room, or perform one."""
    from gateway.cli.node_worklist import run_claim, run_worklist

    settings = common.settings()
    if claim is None:
        run_worklist(settings, node, room, names=names, as_json=common.as_json)
        return
    options.refuse_with("--claim", {"--names": names})
    raise typer.Exit(
        run_claim(settings, node, claim, room, as_json=common.as_json, quiet=common.quiet)
    )


@app.command()
def find(
    peer: Annotated[str, typer.Argument(metavar="PEER", help="An AE title of the node's peers.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEYWORD=VALUE]...", help="As PatientID=123 or StudyDate=20260101-."
        ),
    ] = None,
    level: Annotated[Level, typer.Option(help="What is looked for.")] = Level.STUDY,
    names: Annotated[bool, typer.Option("--names", help="Show names and IDs of patients.")] = False,
    node: Annotated[str, typer.Option(help="The node's configuration.")] = "default",
) -> None:
    """List what an archive or another peer holds (C-FIND)."""
    from gateway.cli.node_archive import run_find

    run_find(
        common.settings(), node, peer, level.value, keys or (), names=names, as_json=common.as_json
    )


@app.command()
def fetch(
    peer: Annotated[str, typer.Argument(metavar="PEER", help="An AE title of the node's peers.")],
    study: Annotated[str, typer.Option(metavar="UID", help="The study.")],
    series: Annotated[str, typer.Option(metavar="UID", help="One series of it.")] = "",
    image: Annotated[
        list[str] | None, typer.Option(metavar="UID", help="One of its objects; repeat for more.")
    ] = None,
    node: Annotated[str, typer.Option(help="The node's configuration.")] = "default",
) -> None:
    """Have a peer send objects to the service that runs here (C-MOVE)."""
    from gateway.cli.node_archive import run_fetch

    raise typer.Exit(
        run_fetch(common.settings(), node, peer, study, series, image or (), as_json=common.as_json)
    )


@app.command()
def conformance(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write it to a file, not to the screen.")
    ] = None,
) -> None:
    """Write the DICOM Conformance Statement of this program."""
    from gateway.cli.node_conformance import show_statement

    show_statement(out, as_json=common.as_json)
