"""The command about log files of real machines."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.options import common


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
