"""What the events of a delivery hold, by kind: written by the session, read by everyone else."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, TypeVar, cast

from gateway.ports.store import StoredEvent

B = TypeVar("B", bound=Mapping[str, Any])


class PlannedBeamBody(TypedDict):
    """A beam as ``intent`` names it."""

    number: int
    name: str
    planned_mu: float
    start_meterset_mu: float


class VerificationBody(TypedDict):
    """What an external verification system said of a beam: its DICOM status and keywords."""

    beam: int
    status: str
    attributes: Sequence[str]


class IntentBody(TypedDict):
    """``intent``: the delivery as it was decided."""

    plan_uid: str
    plan_sha256: str
    plan_label: str
    fraction_group: int
    fraction: int
    fractions_planned: int | None
    room: str
    room_derived: bool
    simulated: bool
    links: Mapping[str, str]
    request: NotRequired[str]
    phantom: NotRequired[str]
    verifications: NotRequired[Sequence[VerificationBody]]
    seed: int
    token: str
    continues: str | None
    cine_fps: float | None
    operators: Sequence[str]
    software: str
    mu_per_pulse: float
    sad_mm: float
    tolerances: str
    findings: Sequence[Sequence[str]]
    beams: Sequence[PlannedBeamBody]


class ConnectedBody(TypedDict):
    """``connected``: what the devices said they are."""

    machine: Mapping[str, Any]
    couch: str
    panel: Mapping[str, Any] | None


class BeamBody(TypedDict):
    """``beam-on`` and ``beam-intent``, as far as they are read."""

    beam: int


class BeamEndBody(TypedDict):
    """``beam-end``: how a beam ended; the meterset is None where it was not certain."""

    beam: int
    end_meterset_mu: float | None
    termination_status: str
    termination_reason: str
    interlocks: Sequence[str]
    samples: int
    lost_samples: int
    started_ns: int
    ended_ns: int


class CounterBody(TypedDict):
    """``counter``: a meterset made certain afterwards, by the machine or by two people."""

    beam: int
    meterset_mu: float
    by: str | Sequence[str]
    reason: str


class ReadBackBody(TypedDict):
    """``read-back``: the machine's own reading before the beam."""

    beam: int
    state: int
    interlocks: int
    mode: str
    accessories: Sequence[str]
    start_meterset_mu: float
    end_meterset_mu: float
    program_crc32: int
    positions: Sequence[int]


class FramesBody(TypedDict):
    """``frames``: rows of :class:`gateway.delivery.beam_notes.BeamNotes`."""

    beam: int
    sent: int | None
    frames: Sequence[Sequence[Any]]


class IncidentBody(TypedDict):
    """``incident``: what happened to a link."""

    beam: int
    device: str
    code: str
    text: str
    control_point: float | None


class FileBody(TypedDict):
    """``file``: a file of the delivery."""

    name: str


class VerdictBody(TypedDict):
    """``verdict``: everything that belongs to the delivery has been written."""

    verdict: str


def body(event: StoredEvent, shape: type[B]) -> B:
    """The body of an event of that shape; ``verify`` says whether it is what was written."""
    del shape
    return cast("B", event.body)


def bodies(events: Sequence[StoredEvent], kind: str, shape: type[B]) -> list[B]:
    """The bodies of all events of a kind, in order."""
    return [body(event, shape) for event in events if event.kind == kind]
