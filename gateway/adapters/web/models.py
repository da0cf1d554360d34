"""What the API answers with: problems, sessions, the room."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of every body; unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class Place(Model):
    """Where a request is wrong, and why."""

    where: str
    why: str


class FindingRow(Model):
    """A finding of reading or checking a plan."""

    severity: Literal["error", "warning", "info"]
    rule: str
    path: str
    message: str


class Problem(Model):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Place] = []
    findings: list[FindingRow] = []


class NewSession(Model):
    """The token that serve printed, or a person was given."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"token": "the token that serve printed"}}
    )

    token: Annotated[str, Field(min_length=1, max_length=512)]


class SessionRow(Model):
    """Who you are. ``name`` is null for somebody who only watches, without a token."""

    name: str | None
    role: Literal["watch", "operate"]
    csrf: str | None


class RangeRow(Model):
    """How far an axis goes and how fast it is, in the axis' unit (per second)."""

    minimum: float
    maximum: float
    speed: float


class MlcRow(Model):
    """One layer of leaves; boundaries at the isocentre plane."""

    device: str
    pairs: int
    boundaries_mm: list[float]
    banks: list[str]


class GeometryRow(Model):
    """The room's axes in the order of its samples."""

    scalars: list[str]
    units: dict[str, Literal["deg", "mm"]]
    ranges: dict[str, RangeRow]
    jaws: list[str]
    mlcs: list[MlcRow]
    couch: list[str]
    sad_mm: float


class PanelRow(Model):
    """The portal imager."""

    name: str
    model: str
    rows: int
    columns: int
    pitch_mm: float
    sid_mm: float
    maximum_frame_rate_hz: float


class MachineRow(Model):
    """The linac. Energies are named as the machine's modes."""

    name: str
    model: str
    modes: list[str]


class RoomRow(Model):
    """The room: what it is, and how it stands."""

    room: str
    description: str
    simulated: bool
    machine: MachineRow
    panel: PanelRow
    software: str
    connected: bool
    state: str
    delivery_id: str | None
    last_delivery_id: str | None
    busy: bool
    held_by: list[str]
    links: dict[str, str]
    geometry: GeometryRow
    bounds: dict[str, float]


class HealthRow(Model):
    """Whether the process is alive, or ready; ``reasons`` say what it still wants."""

    status: Literal["ok", "not ready"]
    reasons: list[str] = []


Json = dict[str, Any]
