"""The commands about log files of machines."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.image_options import PanelAt, Pitch, Sad, Sid, Sign, given_by_option
from gateway.cli.options import FractionGroup, common, refuse_with


@app.command()
def log(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Export all beams to a table: FILE.csv or FILE.parquet."),
    ] = None,
    meterset: Annotated[
        float | None,
        typer.Option(metavar="MU", min=0.0, help="The beam's meterset; a dynalog tells shares."),
    ] = None,
) -> None:
    """Read machine logs (trajectory logs, dynalog pairs, TRF) and tell what was delivered."""
    from gateway.cli.show_logs import show_logs

    show_logs(files, out, meterset, as_json=common.as_json)


@app.command()
def reconcile(
    delivery_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A stored delivery.", show_default=False)
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="The RT Plan of a delivery that this gateway never saw.")
    ] = None,
    log: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A log of the machine; repeat for more."),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A portal RT Image of a beam; repeat for more."),
    ] = None,
    fraction_group: FractionGroup = None,
    room: Annotated[
        str | None, typer.Option(help="With --plan: the room; default: the one that fits the plan.")
    ] = None,
    tolerances: Annotated[
        str | None, typer.Option(help="With --plan: tolerances; default: those of the room.")
    ] = None,
    sid: Sid = None,
    sad: Sad = None,
    pitch: Pitch = None,
    panel_at: PanelAt = None,
    sign: Sign = None,
) -> None:
    """Reconcile plan, telemetry, machine log and portal image; exit 1 where any is out.

    A stored delivery has the logs that its machine left, if it left any; --log gives others.
    Of images, --sid to --sign replace what they state, or do not.
    """
    from gateway.app.foreign_image import ForeignImages
    from gateway.app.witnesses import Asked
    from gateway.cli.show_reconciliation import show_reconciliation

    if delivery_id is not None:
        refuse_with(
            "a delivery's ID",
            {
                "--plan": plan,
                "--fraction-group": fraction_group,
                "--room": room,
                "--tolerances": tolerances,
            },
        )
    given = given_by_option(sid, sad, pitch, panel_at, sign)
    images = ForeignImages(tuple(image), (given,)) if image else None
    asked = Asked(delivery_id, plan, tuple(log or ()), fraction_group, room, tolerances, images)
    raise typer.Exit(show_reconciliation(asked, common.settings(), as_json=common.as_json))
