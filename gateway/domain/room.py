"""A room: machine, couch, panel, links and bounds put together (``config/rooms``)."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.axes import Axis
from gateway.domain.machine import CouchModel, MachineModel, PanelModel
from gateway.domain.phantom import Phantom


@dataclass(frozen=True, slots=True)
class CouchAxisMap:
    """How an IEC couch axis stands on its controller: wire = sign * iec + offset_mm."""

    wire_axis: str
    sign: int
    offset_mm: float


@dataclass(frozen=True, slots=True)
class Link:
    """Where a device is reached: protocol name and URL.

    URLs: ``memory:`` (in process), ``tcp://host:port``, ``serial:///dev/tty...?baud=115200``.
    """

    protocol: str
    url: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every wait and ceiling of the room, seconds unless named otherwise.

    Staleness and the dead-man are judged on the machine's clock. ``meterset_overrun_mu`` and
    ``meterset_overrun_fraction`` build the independent meterset ceiling (the larger rules).
    A beam that an operator holds may stay so for ``maximum_operator_hold_s``, every other one for
    ``maximum_hold_s``.
    """

    heartbeat_period_s: float
    dead_man_s: float
    hold_after_s: float
    terminate_after_s: float
    reply_timeout_s: float
    connect_timeout_s: float
    maximum_hold_s: float
    maximum_operator_hold_s: float
    meterset_overrun_mu: float
    meterset_overrun_fraction: float
    dose_rate_overrun_fraction: float
    beam_time_overrun_fraction: float
    beam_time_overrun_s: float


@dataclass(frozen=True, slots=True)
class Room:
    """A linac room. ``simulated`` rooms never reach hardware. ``phantom`` stands on the couch."""

    name: str
    description: str
    simulated: bool
    machine: MachineModel
    couch: CouchModel
    couch_axes: Mapping[Axis, CouchAxisMap]
    panel: PanelModel
    linac_link: Link
    couch_link: Link
    imager_link: Link
    bounds: Bounds
    tolerances: str
    phantom: Phantom | None = None
