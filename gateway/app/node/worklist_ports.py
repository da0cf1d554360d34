"""What performing the worklist needs of the outside. Methods that are not coroutines may block."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import Progress as RoomProgress
from gateway.app.node.worklist_checks import Remainder
from gateway.dicom.ups.query import WorklistQuery
from gateway.domain.findings import Finding
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.worklist import (
    Input,
    OutputObject,
    Performed,
    Progress,
    Reference,
    StepState,
    Verification,
    WorkItem,
)


class Manager(Protocol):
    """The treatment management system.

    Every method raises LinkError, ProtocolError, ConfigError, and StepRefused for a refusal.
    """

    def query(self, query: WorklistQuery) -> list[WorkItem]:
        """Steps that match."""
        ...

    def get(self, uid: str) -> WorkItem:
        """A step as it is now."""
        ...

    def claim(self, uid: str, transaction_uid: str) -> None:
        """Become the performer of a step."""
        ...

    def close(self, uid: str, transaction_uid: str, state: StepState) -> None:
        """Bring a step to its final state."""
        ...

    def tell_progress(self, uid: str, transaction_uid: str, progress: Progress) -> None:
        """How far the treatment is."""
        ...

    def tell_performed(self, uid: str, transaction_uid: str, performed: Performed) -> None:
        """What was performed."""
        ...

    def subscribe(self, uid: str) -> None:
        """Be told of a step's events."""
        ...

    def unsubscribe(self, uid: str) -> None:
        """Be told no more."""
        ...


class Inputs(Protocol):
    """Where a treatment's objects come from."""

    def retrieve(self, sources: Sequence[Input]) -> None:
        """Have them in the node's store. Raises GatewayError where one cannot be had."""
        ...

    def file(self, reference: Reference) -> Path:
        """The file of an object that is here and valid. Raises InputError."""
        ...


class Outputs(Protocol):
    """Where a treatment's images and record go."""

    def queue(self, delivery_id: str) -> tuple[OutputObject, ...]:
        """Put them into the outbox, once; what they are. Raises StoreError, InputError."""
        ...

    def kept(self, objects: Sequence[OutputObject]) -> tuple[OutputObject, ...]:
        """The same objects, each with who has it for good."""
        ...

    def settled(self, objects: Sequence[OutputObject]) -> bool:
        """Whether nothing is to be waited for: every destination has each, or has refused it."""
        ...


class Verifier(Protocol):
    """The external verification system."""

    def verify(
        self, uid: str, plan: TreatmentPlan, beams: Sequence[Beam]
    ) -> tuple[Verification, ...]:
        """The verdict on each beam. Raises GatewayError where there is none."""
        ...


class Room(Protocol):
    """Delivers plans; :class:`gateway.app.node.room.RoomProcess` is one."""

    room: str

    async def deliver(self, job: Job, progress: RoomProgress) -> Outcome:
        """Carry one job out, once."""
        ...

    def abort(self, item: str) -> bool:
        """Turn the beam off where the job of that name runs; whether it does.

        The job is answered with how far it came.
        """
        ...


class Record(Protocol):
    """The room's own record, read."""

    def outcome(self, request_id: str) -> Outcome | None:
        """What became of a request; None while no delivery was begun for it."""
        ...

    def remainder(self, plan_uid: str, fraction_group: int, fraction: int) -> Remainder | None:
        """What is left of the fraction's last delivery; None where nothing can be continued."""
        ...

    def findings(self, plan: Path, fraction_group: int) -> Sequence[Finding]:
        """What the room has against delivering a plan."""
        ...
