"""The command that compares two distributions by gamma."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.options import common

Distribution = Annotated[
    Path, typer.Argument(help="An RT Image or RT Dose file.", show_default=False)
]


@app.command()
def gamma(
    reference: Distribution,
    evaluated: Distribution,
    dose: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="Dose criterion.", show_default="3")
    ] = None,
    distance: Annotated[
        float | None, typer.Option(metavar="MM", help="Distance criterion.", show_default="2")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Dose criterion of each point's own dose.")
    ] = False,
    cutoff: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Lowest dose judged.", show_default="10"),
    ] = None,
    maximum: Annotated[
        float | None, typer.Option(metavar="GAMMA", help="Largest gamma.", show_default="2")
    ] = None,
    normalisation: Annotated[
        float | None,
        typer.Option(
            metavar="DOSE", help="What percent are of.", show_default="the reference's largest"
        ),
    ] = None,
    refine: Annotated[
        int,
        typer.Option(
            metavar="TIMES",
            min=1,
            help="Cut the evaluated cells so often: nearer to tools linear along each axis.",
        ),
    ] = 1,
    tolerances: Annotated[str, typer.Option(help="Set of tolerances with the limits.")] = "default",
    sid: Annotated[
        float | None, typer.Option(metavar="MM", help="Of images that do not state it.")
    ] = None,
    sad: Annotated[
        float | None, typer.Option(metavar="MM", help="Of images that do not state it.")
    ] = None,
    pitch: Annotated[
        float | None, typer.Option(metavar="MM", help="Of images that do not state it.")
    ] = None,
) -> None:
    """Gamma of two RT Images or RT Doses; exit 1 where too few points pass (TG-218)."""
    from gateway.cli.show_gamma import show_gamma
    from gateway.domain.image_assumptions import ImageAssumptions

    changed = {
        "dose_percent": dose,
        "distance_mm": distance,
        "cutoff_percent": cutoff,
        "maximum_gamma": maximum,
        "normalisation": normalisation,
    }
    given = ImageAssumptions("option", sid_mm=sid, sad_mm=sad, pitch_mm=pitch)
    code = show_gamma(
        reference,
        evaluated,
        tolerances,
        changed,
        given,
        refine,
        local=local,
        as_json=common.as_json,
    )
    raise typer.Exit(code)
