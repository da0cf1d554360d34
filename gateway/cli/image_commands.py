"""The command about portal images of real and simulated machines."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.options import common
from gateway.domain.errors import ConfigError


@app.command()
def image(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    machine: Annotated[
        str | None, typer.Option(help="The machine whose leaves are seen; see 'machines'.")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="A configured panel; default: the one with such pixels.")
    ] = None,
    sid: Annotated[float | None, typer.Option(metavar="MM", help="Source to panel.")] = None,
    sad: Annotated[float | None, typer.Option(metavar="MM", help="Source to isocentre.")] = None,
    pitch: Annotated[float | None, typer.Option(metavar="MM", help="Pixels on the panel.")] = None,
    panel_at: Annotated[
        str | None, typer.Option("--panel-at", metavar="X,Y", help="The panel's place, mm.")
    ] = None,
    gantry: Annotated[float | None, typer.Option(metavar="DEG")] = None,
    collimator: Annotated[float | None, typer.Option(metavar="DEG")] = None,
    sign: Annotated[
        int | None, typer.Option(metavar="1|-1", help="Whether pixels rise or fall with dose.")
    ] = None,
) -> None:
    """Tell what portal images show by themselves: field, collimator, leaves, pickets, ball.

    The options replace what an image states, or does not.
    """
    from gateway.app.portal_image import ImageRequest
    from gateway.cli.show_images import show_images
    from gateway.domain.image_assumptions import ImageAssumptions

    if sign not in (None, 1, -1):
        raise ConfigError(f"--sign {sign}: wants 1 or -1")
    for name, value in (("--sid", sid), ("--sad", sad), ("--pitch", pitch)):
        if value is not None and not 0.0 < value < float("inf"):
            raise ConfigError(f"{name} {value:g}: wants a length above 0")
    given = ImageAssumptions(
        "an option",
        overrides=True,
        sid_mm=sid,
        sad_mm=sad,
        pitch_mm=pitch,
        panel_mm=None if panel_at is None else _place(panel_at),
        gantry_deg=gantry,
        collimator_deg=collimator,
        sign=sign,
    )
    request = ImageRequest(files, machine, panel, (given,))
    show_images(request, common.settings(), as_json=common.as_json)


def _place(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise ConfigError(f"--panel-at {text}: wants X,Y in mm") from None
    if not abs(x) + abs(y) < float("inf"):
        raise ConfigError(f"--panel-at {text}: wants X,Y in mm")
    return x, y
