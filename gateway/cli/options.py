"""Options that several commands share, and the state that the callback leaves for them."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.domain.errors import ConfigError

if TYPE_CHECKING:
    from gateway.app.request import Request
    from gateway.settings import Settings

LARGEST_SEED = 2**53 - 1
"""What every JSON reader holds exactly."""
LARGEST_INTEGER_STRING = 2**31 - 1
"""What DICOM's IS holds (PS3.5 6.2)."""
FAULTS = (
    "bank-miscalibration",
    "bank-offset",
    "couch-drift",
    "door-open",
    "dropped-frame",
    "duplicated-frame",
    "emergency-stop",
    "gantry-lag",
    "garbage-bytes",
    "jaw-miscalibration",
    "leaf-miscalibration",
    "leaf-offset",
    "lost-link",
    "meterset-overrun",
    "output-change",
    "panel-shift",
    "reordered-frame",
    "stale-telemetry",
    "stuck-leaf",
    "swapped-banks",
    "wrong-log",
)
SLOWEST, FASTEST = 0.01, 100.0
"""Factors of real time."""
PERMITS = ("motion", "beam")
"""What a real room has to be permitted in each run."""
Permit = Annotated[str, typer.Option(help="For a real room: motion,beam. Valid for this run only.")]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=LARGEST_SEED,
        help="Seed of noise, UIDs and simulated dates; default: a fresh one.",
    ),
]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[:key=value,...]",
        help=f"Inject a fault; repeat for more. Names: {', '.join(FAULTS)}.",
    ),
]
Phantom = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Put this phantom on the couch of the simulated room."),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for summary, record, images, telemetry and report.")
]
Speed = Annotated[
    str | None,
    typer.Option(
        metavar="real|FACTOR|max",
        help="Time: real, a multiple of it, or simulated (default where devices are in-process).",
    ),
]
FractionGroup = Annotated[
    int | None, typer.Option(metavar="N", help="Fraction group; needed where there are several.")
]
Link = Annotated[
    list[str] | None,
    typer.Option(metavar="DEVICE=URL", help="Where linac, couch or imager is reached; repeat."),
]


@dataclass(slots=True)
class Common:
    """What was given before the command's name."""

    config: Path | None = None
    store: Path | None = None
    as_json: bool = False
    quiet: bool = False

    def settings(self, links: list[str] | None = None) -> "Settings":
        """The effective settings. Raises ConfigError."""
        from gateway.settings import Links, load_settings

        settings = load_settings(self.config, self.store)
        if not links:
            return settings
        given = settings.links.model_dump()
        for item in links:
            device, _, url = item.partition("=")
            if device not in Links.model_fields or not url:
                known = ", ".join(Links.model_fields)
                raise ConfigError(f"--link {item}: wants DEVICE=URL, DEVICE one of {known}")
            given[device] = url
        return settings.model_copy(update={"links": Links(**given)})


common = Common()


def set_common(
    config: Path | None,
    store: Path | None,
    *,
    as_json: bool,
    verbosity: int,
) -> None:
    """Keep the global options; logs go to stderr."""
    common.config, common.store, common.as_json = config, store, as_json
    common.quiet = verbosity < 0
    level = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    for package in ("gateway", "drivers", "simulators"):
        logging.getLogger(package).setLevel(level)
    logging.getLogger("pydicom").propagate = verbosity > 1  # what matters of it are findings


def parse_permit(text: str) -> frozenset[str]:
    """What a real room is permitted. Raises ConfigError for what nobody can permit."""
    permits = frozenset(filter(None, text.split(",")))
    unknown = sorted(permits.difference(PERMITS))
    if unknown:
        raise ConfigError(f"--permit {unknown[0]}: permits are {', '.join(PERMITS)}")
    return permits


def delivery_request(*, dry_run: bool, **wishes: Any) -> "Request":
    """What ``deliver`` was asked for. Raises ConfigError for options that exclude each other."""
    from gateway.app.request import Request

    request = Request(**wishes)
    if (request.plan is None) == (request.continues is None):
        raise ConfigError("deliver wants a plan, or --continue ID; not both")
    if request.continues is not None:
        refuse_with(
            "--continue",
            {
                "--room": request.room,
                "--fraction-group": request.fraction_group,
                "--fraction": request.fraction,
                "--beam": request.beams,
                "--dry-run": dry_run,
            },
        )
    aimless = [fault for fault in request.faults if fault.partition(":")[0].endswith("-frame")]
    if aimless and request.cine_fps is None:
        raise ConfigError(f"--fault {aimless[0]}: it is about cine frames; give --cine FPS with it")
    if dry_run:
        refuse_with(
            "--dry-run",
            {"--out": request.out, "--fault": request.faults, "--phantom": request.phantom},
        )
    return request


def refuse_with(chosen: str, others: Mapping[str, object]) -> None:
    """Raises ConfigError when any of ``others`` was given, by name, beside ``chosen``."""
    given = [name for name, value in others.items() if value]
    if given:
        raise ConfigError(f"{' and '.join(given)} cannot be given with {chosen}")


def parse_speed(text: str | None) -> float | None:
    """The factor of real time; infinite for ``max``, None when not given. Raises ConfigError.

    Beyond the bounds no computer keeps the time: devices would be thought lost, or never answer.
    """
    if text is None:
        return None
    if text in ("real", "max"):
        return 1.0 if text == "real" else math.inf
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not SLOWEST <= factor <= FASTEST:
        raise ConfigError(
            f"--speed {text}: wants real, max or a factor from {SLOWEST:g} to {FASTEST:g}"
        )
    return factor
