"""What the API answers with: deliveries, events, telemetry, images, files, trends, alarms."""

from typing import Any, Literal

from gateway.adapters.web.models import FindingRow, Model

State = Literal["running", "complete", "terminated", "unresolved", "refused"]
VerdictWord = Literal["pass", "fail"]


class DeliveryRow(Model):
    """A delivery as ``history`` has it. ``verdict`` is null until there is one."""

    delivery_id: str
    started: str
    plan: str
    plan_uid: str
    fraction_group: int
    fraction: int
    room: str
    seed: int
    state: State
    verdict: VerdictWord | None
    delivered_mu: float | None


class DeliveryList(Model):
    """A page of the history, newest first."""

    total: int
    limit: int
    offset: int
    items: list[DeliveryRow]


class BeamRow(Model):
    """A beam of a delivery; ``errors`` is by axis name, absolute values in ``unit``."""

    number: int
    name: str
    planned_mu: float
    start_mu: float
    end_mu: float | None
    delivered_mu: float | None
    termination_status: Literal["NORMAL", "OPERATOR", "MACHINE", "UNKNOWN"] | None
    termination_reason: str
    images: int
    errors: dict[str, "ErrorRow"]


class ErrorRow(Model):
    """Errors of an axis over a beam; for leaves those of the worst."""

    max: float
    rms: float
    p95: float
    unit: Literal["mm", "deg"]


class CauseRow(Model):
    """What went wrong, and where."""

    cause: str
    beam: int | None
    device: str | None
    axis: str | None
    bank: str | None
    leaf: int | None
    frame: int | None
    control_point: float | None
    error: float | None
    unit: str | None


class DeliveryDetail(DeliveryRow):
    """A delivery with its beams, causes and findings."""

    simulated: bool
    operators: list[str]
    continues: str | None
    beams: list[BeamRow]
    causes: list[CauseRow]
    findings: list[FindingRow]


class EventRow(Model):
    """An event of the record; ``body`` holds its plain values."""

    sequence: int
    at: str
    at_ns: int
    kind: str
    beam: int | None
    body: dict[str, Any]


class EventList(Model):
    """Events in order. ``last`` is the sequence to ask on from."""

    items: list[EventRow]
    last: int


class Column(Model):
    """A column of telemetry; null where nothing was reported yet."""

    name: str
    unit: str
    values: list[float | int | None]


class Telemetry(Model):
    """Every ``every``-th sample of a beam."""

    beam: int
    samples: int
    every: int
    columns: list[Column]


class Heat(Model):
    """The worst error of each leaf near each control point, mm; null where the beam never came."""

    device: str
    pairs: int
    control_points: list[int]
    errors_mm: list[list[float | None]]


class Curves(Model):
    """Delivered minus planned over delivered meterset, beam by beam."""

    beam: int
    meterset_mu: list[float]
    control_point: list[float]
    axes: list[Column]
    worst_leaf: list[Column]
    leaves: list[Heat]


class ImageRow(Model):
    """A portal image object of a delivery. Values are in ``unit``."""

    image: int
    name: str
    beam: int | None
    frames: int
    unit: str


class ImageList(Model):
    """The images of a delivery, numbered from 1."""

    items: list[ImageRow]


class FileRow(Model):
    """A file of a delivery."""

    name: str
    bytes: int
    media_type: str


class FileList(Model):
    """The files of a delivery."""

    items: list[FileRow]


class TrendPoint(Model):
    """The error of an axis in one beam of one delivery."""

    delivery_id: str
    started: str
    plan: str
    beam: int
    verdict: VerdictWord | None
    max: float
    rms: float
    p95: float


class Trend(Model):
    """An axis over time, oldest first. ``axes`` are those that there are."""

    axis: str
    unit: Literal["mm", "deg"] | None
    axes: list[str]
    points: list[TrendPoint]


class AlarmRow(Model):
    """What a person should know of; ``alarm`` names it."""

    alarm: str
    at: str
    at_ns: int
    severity: Literal["error", "warning"]
    code: str
    text: str
    delivery_id: str
    beam: int | None
    acknowledged_by: str | None
    acknowledged_at: str | None
    note: str


class AlarmList(Model):
    """Alarms, newest first. ``open`` counts those that nobody has acknowledged."""

    open: int
    items: list[AlarmRow]
