"""Scheduled treatments: unified procedure steps, what they need, and what is told of them.

The Unified Procedure Step service (PS3.4 CC) as IHE-RO's Treatment Delivery Workflow II uses it.
Patient identity is held for comparing only, and is in no representation.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.errors import GatewayError


class StepRefused(GatewayError):
    """A peer answered a request about a step with a status that refuses.

    ``status`` is its code. ``comment`` is the peer's own: for people, and for no log.
    """

    def __init__(self, status: int, message: str, comment: str = "") -> None:
        self.status = status
        self.plain = message
        super().__init__(f"{message}: {comment}" if comment else message)


class StepState(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class DeliveryType(StrEnum):
    """Treatment Delivery Type (300A,00CE) of what this device delivers."""

    TREATMENT = "TREATMENT"
    CONTINUATION = "CONTINUATION"


@dataclass(frozen=True, slots=True)
class Code:
    """A coded entry (PS3.3 8.8)."""

    value: str
    scheme: str
    meaning: str

    def means(self, other: "Code") -> bool:
        """Whether both name one concept; meanings are for people."""
        return (self.value, self.scheme) == (other.value, other.scheme)


@dataclass(frozen=True, slots=True)
class Reference:
    """One composite instance."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Input:
    """Instances of one series that are wanted, and the AE titles that give them.

    Without references it is the whole series, without a series the whole study.
    """

    study_instance_uid: str
    series_instance_uid: str
    references: tuple[Reference, ...]
    retrieve_aes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A scheduled treatment as the worklist gives it; texts are empty where it gives none.

    ``start`` is a DICOM date time. ``fraction`` and ``fractions_planned`` are None where absent.
    """

    sop_instance_uid: str
    state: str
    readiness: str
    label: str
    start: str
    priority: str
    workitem: Code | None
    stations: tuple[Code, ...]
    delivery_type: str
    plan_label: str
    fraction: int | None
    fractions_planned: int | None
    inputs: tuple[Input, ...]
    patient_id: str = field(repr=False)
    patient_name: str = field(repr=False)

    def references(self, *sop_classes: str) -> tuple[Reference, ...]:
        """The inputs of some SOP classes, each once."""
        found = (
            reference
            for source in self.inputs
            for reference in source.references
            if reference.sop_class_uid in sop_classes
        )
        return tuple(dict.fromkeys(found))

    def sources(self, *sop_classes: str) -> tuple[Input, ...]:
        """The inputs that have instances of some SOP classes."""
        return tuple(
            source
            for source in self.inputs
            if any(reference.sop_class_uid in sop_classes for reference in source.references)
        )


@dataclass(frozen=True, slots=True)
class BeamTask:
    """A beam that a delivery instruction asks for (PS3.3 C.8.8.29).

    ``start_mu`` and ``end_mu`` bound a continuation within the beam's meterset, else None.
    ``adjustments`` are keywords of table top positions that differ from the plan's.
    """

    beam_number: int
    order: int | None
    task_type: str
    delivery_type: str
    fraction: int
    fraction_group: int | None
    start_mu: float | None
    end_mu: float | None
    adjustments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryInstruction:
    """An RT Beams Delivery Instruction: which beams of which plan are delivered now."""

    sop_instance_uid: str
    plan_uid: str
    tasks: tuple[BeamTask, ...]
    patient_id: str = field(repr=False)

    @property
    def in_order(self) -> tuple[BeamTask, ...]:
        """The tasks by Beam Order Index; as listed where a task has none."""
        if any(task.order is None for task in self.tasks):
            return self.tasks
        return tuple(sorted(self.tasks, key=lambda task: task.order or 0))


@dataclass(frozen=True, slots=True)
class EarlierBeam:
    """A beam of an earlier treatment record: how far its cumulative meterset came, MU."""

    plan_uid: str
    beam_number: int
    fraction: int | None
    end_mu: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a treatment is: percent of its meterset, and the beam that is being delivered."""

    percent: float
    beam_number: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutputObject:
    """An object that a treatment made. ``kept_by`` are AE titles that have it for good."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    kept_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Performed:
    """What was done of a step, as the final update tells it. Times in ns since 1970-01-01 UTC.

    ``reason`` says why it is discontinued, and is empty for a treatment that is complete.
    ``progress`` is what was last told of it.
    """

    station: Code
    workitem: Code
    started_ns: int
    ended_ns: int
    outputs: tuple[OutputObject, ...]
    reason: str = ""
    reason_code: Code | None = None
    progress: Progress | None = None


class StepEventKind(StrEnum):
    """Event Type IDs of the UPS Event SOP class (PS3.4 table CC.2.4-1), in words."""

    STATE_REPORT = "state report"
    CANCEL_REQUESTED = "cancel requested"
    PROGRESS_REPORT = "progress report"
    STATUS_CHANGE = "SCP status change"
    ASSIGNED = "assigned"


class VerificationStatus(StrEnum):
    """Treatment Verification Status (3008,002C)."""

    VERIFIED = "VERIFIED"
    OVERRIDDEN = "VERIFIED_OVR"
    NOT_VERIFIED = "NOT_VERIFIED"


@dataclass(frozen=True, slots=True)
class Verification:
    """What an external verification system says of one beam.

    ``attributes`` are DICOM keywords of what failed, or was overridden.
    """

    beam_number: int
    status: VerificationStatus
    attributes: tuple[str, ...] = ()
