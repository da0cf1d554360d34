"""Room files: ``config/rooms/NAME.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.configuration.couches import load_couch
from gateway.configuration.locate import config_files, find_config
from gateway.configuration.machines import load_machine
from gateway.configuration.panels import load_panel
from gateway.configuration.phantoms import load_phantom
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.axes import COUCH_TRANSLATIONS
from gateway.domain.room import Bounds, CouchAxisMap, Link, Room

_KIND = "rooms"
_Seconds = Annotated[float, Field(gt=0)]
_Fraction = Annotated[float, Field(ge=0)]


class LinkFile(Section):
    """Where a device is reached."""

    protocol: str = Field(min_length=1)
    url: str = Field(pattern=r"^(memory:|tcp://.+:\d+|serial://.+)$")

    def link(self) -> Link:
        """The domain's form."""
        return Link(self.protocol, self.url)


class LinksFile(Section):
    """The three devices of a room."""

    linac: LinkFile
    couch: LinkFile
    imager: LinkFile


class CouchAxisFile(Section):
    """wire = sign * iec + offset_mm."""

    wire_axis: Literal["X", "Y", "Z"]
    sign: Literal[1, -1]
    offset_mm: float


class CouchAxesFile(Section):
    """Which wire axis drives which IEC 61217 axis."""

    couch_vertical: CouchAxisFile
    couch_longitudinal: CouchAxisFile
    couch_lateral: CouchAxisFile

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        wire = [getattr(self, axis.value).wire_axis for axis in COUCH_TRANSLATIONS]
        if len(set(wire)) != len(wire):
            raise ValueError("two axes have the same wire_axis; give each its own")
        return self


class BoundsFile(Section):
    """Every wait and ceiling; the meaning of each is that of :class:`Bounds`."""

    heartbeat_period_s: _Seconds
    dead_man_s: _Seconds
    hold_after_s: _Seconds
    terminate_after_s: _Seconds
    reply_timeout_s: _Seconds
    connect_timeout_s: _Seconds
    maximum_hold_s: _Seconds
    maximum_operator_hold_s: _Seconds = 300.0
    meterset_overrun_mu: _Fraction
    meterset_overrun_fraction: _Fraction
    dose_rate_overrun_fraction: _Fraction
    beam_time_overrun_fraction: _Fraction
    beam_time_overrun_s: _Fraction

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.heartbeat_period_s >= self.dead_man_s / 2:
            raise ValueError("heartbeat_period_s must be less than half of dead_man_s")
        if self.hold_after_s >= self.terminate_after_s:
            raise ValueError("hold_after_s must be less than terminate_after_s")
        return self


class RoomFile(Section):
    """A linac room."""

    description: str
    simulated: bool
    machine: str
    couch: str
    panel: str
    tolerances: str
    phantom: str | None = None
    links: LinksFile
    couch_axes: CouchAxesFile
    bounds: BoundsFile


def room_names(roots: Sequence[Path]) -> tuple[str, ...]:
    """Every room that is configured."""
    return tuple(config_files(_KIND, roots))


def load_room(name: str, roots: Sequence[Path]) -> Room:
    """The room called ``name`` with everything it names. Raises ConfigError."""
    file = read_config(find_config(_KIND, name, roots), RoomFile)
    find_config("tolerances", file.tolerances, roots)
    return Room(
        name=name,
        description=file.description,
        simulated=file.simulated,
        machine=load_machine(file.machine, roots),
        couch=load_couch(file.couch, roots),
        couch_axes={
            axis: CouchAxisMap(**getattr(file.couch_axes, axis.value).model_dump())
            for axis in COUCH_TRANSLATIONS
        },
        panel=load_panel(file.panel, roots),
        linac_link=file.links.linac.link(),
        couch_link=file.links.couch.link(),
        imager_link=file.links.imager.link(),
        bounds=Bounds(**file.bounds.model_dump()),
        tolerances=file.tolerances,
        phantom=None if file.phantom is None else load_phantom(file.phantom, roots),
    )
