"""The command that maps planned and delivered fluence."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.options import FractionGroup, common


@app.command()
def fluence(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[PLAN|ID]", help="An RT Plan file, or a delivery."),
    ] = None,
    log: Annotated[
        list[Path] | None,
        typer.Option(help="A machine log of what was delivered; repeat for more."),
    ] = None,
    machine: Annotated[
        str | None, typer.Option(help="The machine of logs without a plan; see 'machines'.")
    ] = None,
    room: Annotated[str | None, typer.Option(help="A room; default: the one that fits.")] = None,
    fraction_group: FractionGroup = None,
    beam: Annotated[list[int] | None, typer.Option(help="Beam number; repeat for more.")] = None,
    grid: Annotated[float, typer.Option(metavar="MM", help="The size of a pixel.")] = 1.0,
    collimator: Annotated[
        bool, typer.Option("--collimator", help="Axes turn with the collimator.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the maps: FILE.npz or FILE.csv.")
    ] = None,
) -> None:
    """Map planned and delivered fluence: MU in each pixel of the isocentre plane."""
    from gateway.app.fluence import FluenceRequest, fluence_maps
    from gateway.app.fluence_file import fluence_rows, write_fluence
    from gateway.cli.show_records import print_result, print_table

    request = FluenceRequest(
        source, log or (), machine, room, fraction_group, beam or (), grid, collimator
    )
    beams = fluence_maps(request, common.settings())
    if out is not None:
        write_fluence(beams, out)
    rows = fluence_rows(beams)
    if common.as_json:
        print_result(rows, "", as_json=True)
        return
    columns = (
        "beam",
        "planned_highest_mu",
        "delivered_highest_mu",
        "planned_mu_cm2",
        "delivered_mu_cm2",
        "largest_difference_mu",
    )
    titles = ("beam", "planned MU", "delivered", "planned MU cm2", "delivered", "difference MU")
    print_table(titles, rows, columns)
