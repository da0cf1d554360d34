"""The messages, version 1. Their JSON Schemas are in ``docs/schemas``; units are in the names.

``at`` is UTC (RFC 3339). ``repeat`` is true where the message may have been told before: whoever
has seen its ``sequence`` has seen it.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

AXIS = r"^[a-z0-9_]+_(mm|deg)$"
Axes = Mapping[str, float]
Leaves = Mapping[str, Mapping[str, list[float]]]
"""By device (``MLCX``) and bank (``x1_mm``): leaf 1 first."""

Thing = Literal["gantry", "collimator", "couch", "jaws", "mlc", "epid", "beam", "room"]


class Message(BaseModel):
    """What every message has: the version of its shape."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    v: Literal[1] = 1


class Availability(Message):
    """Whether anybody tells; ``offline`` is the last will."""

    state: Literal["online", "offline"]


class Positions(BaseModel):
    """Every axis of the machine, IEC 61217; leaves by device and bank."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    axes: dict[str, float]
    mlc: dict[str, dict[str, list[float]]]


class Telemetry(Message):
    """One sample of the machine, and where the plan wants its axes at that moment.

    ``sample`` counts the machine's samples; ``dropped`` counts those that this connection could
    not take, or that were not told to it, since the process started.
    """

    at: str
    delivery_id: str | None
    beam: int
    sample: int
    program_s: float
    state: str
    interlocks: list[str]
    meterset_mu: float
    dose_rate_mu_per_min: float
    actual: Positions
    planned: Positions
    dropped: int


class AxesState(Message):
    """``gantry``, ``collimator``, ``couch`` and ``jaws``: axes by name with their unit."""

    at: str
    axes: dict[str, float]
    planned: dict[str, float]
    moving: bool | None = None


class MlcState(Message):
    """``mlc``: leaf positions by device and bank."""

    at: str
    actual: dict[str, dict[str, list[float]]]
    planned: dict[str, dict[str, list[float]]]


class EpidState(Message):
    """``epid``: the newest portal frame, without its pixels."""

    at: str
    beam: int
    frame: int
    kind: Literal["integrated", "cine"]
    rows: int
    columns: int
    start_meterset_mu: float
    end_meterset_mu: float
    saturated_pixels: int


class BeamState(Message):
    """``beam``: the beam of the newest sample."""

    at: str
    delivery_id: str | None
    beam: int
    state: str
    interlocks: list[str]
    meterset_mu: float
    start_meterset_mu: float | None
    end_meterset_mu: float | None
    dose_rate_mu_per_min: float


class RoomState(Message):
    """``room``: who is connected, and what is delivered."""

    at: str
    room: str
    simulated: bool
    feed: Literal["connected", "disconnected"]
    links: dict[str, str]
    delivery_id: str | None


class Event(Message):
    """An event of the record. ``sequence`` counts them over the whole store, without a gap."""

    sequence: int = Field(ge=1)
    repeat: bool
    at: str
    kind: str
    delivery_id: str
    beam: int | None
    detail: dict[str, Any]


class Alarm(Message):
    """An event that a person should see."""

    sequence: int = Field(ge=1)
    repeat: bool
    at: str
    alarm: str
    severity: Literal["warning", "error"]
    text: str
    delivery_id: str
    beam: int | None
    device: str | None


class Result(Message):
    """How a beam ended; ``end_meterset_mu`` is null where it is not certain."""

    sequence: int = Field(ge=1)
    repeat: bool
    at: str
    delivery_id: str
    beam: int
    planned_mu: float
    start_meterset_mu: float
    end_meterset_mu: float | None
    termination_status: str
    termination_reason: str
    interlocks: list[str]
    samples: int
    lost_samples: int
    started_at: str
    ended_at: str


MODELS: Mapping[str, type[Message]] = {
    "availability": Availability,
    "telemetry": Telemetry,
    "axes-state": AxesState,
    "mlc-state": MlcState,
    "epid-state": EpidState,
    "beam-state": BeamState,
    "room-state": RoomState,
    "event": Event,
    "alarm": Alarm,
    "result": Result,
}
"""By the name of the schema file: ``docs/schemas/mqtt-<name>.json``."""


def encoded(message: Message) -> bytes:
    """The payload."""
    return message.model_dump_json().encode()
