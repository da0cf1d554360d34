"""The command about portal images of real and simulated machines."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.application import app
from gateway.cli.image_options import PanelAt, Pitch, Sad, Sid, Sign, given_by_option
from gateway.cli.options import common


@app.command()
def image(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    machine: Annotated[
        str | None, typer.Option(help="The machine whose leaves are seen; see 'machines'.")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="A configured panel; default: the one with such pixels.")
    ] = None,
    sid: Sid = None,
    sad: Sad = None,
    pitch: Pitch = None,
    panel_at: PanelAt = None,
    gantry: Annotated[float | None, typer.Option(metavar="DEG")] = None,
    collimator: Annotated[float | None, typer.Option(metavar="DEG")] = None,
    sign: Sign = None,
) -> None:
    """Tell what portal images show by themselves: field, collimator, leaves, pickets, ball.

    The options replace what an image states, or does not.
    """
    from gateway.app.portal_image import ImageRequest
    from gateway.cli.show_images import show_images

    given = given_by_option(sid, sad, pitch, panel_at, sign, gantry, collimator)
    request = ImageRequest(files, machine, panel, (given,))
    show_images(request, common.settings(), as_json=common.as_json)
