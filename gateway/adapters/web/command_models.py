"""What the API is asked for, and answers: plans, queue, commands."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway.adapters.web.models import FindingRow, Model

PlanId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the plan's file")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
DeliveryId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class GeneratedPlan(Model):
    """A plan to make. ``machine`` is that of the room where none is named."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"technique": "vmat"}})

    technique: Name
    machine: Name | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


class PlannedBeam(Model):
    """A beam of a plan."""

    fraction_group: int
    number: int
    name: str
    meterset_mu: float
    radiation: str
    control_points: int
    duration_s: float | None


class PlanRow(Model):
    """A plan and what reading and checking it for this room has found."""

    plan_id: str
    label: str
    plan_uid: str
    added: str
    added_by: str
    fraction_groups: list[int]
    beams: list[PlannedBeam]
    findings: list[FindingRow]
    deliverable: bool


class PlanList(Model):
    """Plans, newest first, and what can be generated."""

    items: list[PlanRow]
    techniques: list[str]


class NewRequest(Model):
    """What to put into the queue; without ``beams`` those of the fraction that are left."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"plan_id": 8 * "0a1b2c3d"}}
    )

    plan_id: PlanId
    fraction_group: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    beams: list[Annotated[int, Field(ge=0, le=2**31 - 1)]] = Field(
        default_factory=list, max_length=200
    )
    cine_fps: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None


class QueueRow(Model):
    """An item of the queue. ``arming_code`` is shown while it can be armed from here."""

    item: str
    plan_id: str | None
    plan_uid: str
    label: str
    state: Literal["queued", "proposed", "armed", "delivering", "delivered", "refused", "withdrawn"]
    source: str
    requested_by: str
    armed_by: str | None
    armed_until: str | None
    arming_code: str | None
    delivery_id: str | None
    reason: str
    requested: str
    changed: str


class QueueList(Model):
    """The queue, oldest first. ``two_people`` says that another person has to arm."""

    two_people: bool
    items: list[QueueRow]


class Arming(Model):
    """The code that the item shows: read it, then write it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"armed_step": "K7QX"}})

    armed_step: Annotated[str, Field(min_length=1, max_length=16)]


class RoomCommand(Model):
    """Which delivery is meant."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"delivery_id": "D0123456789ab"}}
    )

    delivery_id: DeliveryId


class CommandRow(Model):
    """What became of a command so far."""

    status: Literal["sent", "accepted", "done"]
    text: str


class Acknowledgement(Model):
    """What to keep with it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"note": "seen, the leaf is being serviced"}}
    )

    note: Annotated[str, Field(max_length=1000)] = ""
