"""What is known of portal images beside what they state: options of several commands."""

from typing import Annotated

import typer

from gateway.domain.errors import ConfigError
from gateway.domain.image_assumptions import ImageAssumptions

Sid = Annotated[float | None, typer.Option(metavar="MM", help="Source to panel.")]
Sad = Annotated[float | None, typer.Option(metavar="MM", help="Source to isocentre.")]
Pitch = Annotated[float | None, typer.Option(metavar="MM", help="Pixels on the panel.")]
PanelAt = Annotated[
    str | None, typer.Option("--panel-at", metavar="X,Y", help="The panel's place, mm.")
]
Sign = Annotated[
    int | None, typer.Option(metavar="1|-1", help="Whether pixels rise or fall with dose.")
]


def given_by_option(
    sid: float | None,
    sad: float | None,
    pitch: float | None,
    panel_at: str | None,
    sign: int | None,
    gantry: float | None = None,
    collimator: float | None = None,
) -> ImageAssumptions:
    """The options as assumptions that replace what an image states. Raises ConfigError."""
    if sign not in (None, 1, -1):
        raise ConfigError(f"--sign {sign}: wants 1 or -1")
    for name, value in (("--sid", sid), ("--sad", sad), ("--pitch", pitch)):
        if value is not None and not 0.0 < value < float("inf"):
            raise ConfigError(f"{name} {value:g}: wants a length above 0")
    return ImageAssumptions(
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


def _place(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise ConfigError(f"--panel-at {text}: wants X,Y in mm") from None
    if not abs(x) + abs(y) < float("inf"):
        raise ConfigError(f"--panel-at {text}: wants X,Y in mm")
    return x, y
