"""What a report is drawn from."""

from dataclasses import dataclass

from gateway.domain.delivery import MachineIdentity, PanelIdentity, PortalFrame
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding
from gateway.domain.reconciliation import Reconciliation


@dataclass(frozen=True, slots=True)
class ReportBeam:
    """One beam: its evidence and the portal image to show, if any.

    ``image`` is the integrated frame, or any frame that stands for the beam; ``frames`` how many
    were kept. ``truncated`` says that the field was larger than the panel.
    """

    evidence: BeamEvidence
    image: PortalFrame | None = None
    frames: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class BeamNotBegun:
    """A beam of the delivery that it did not come to."""

    number: int
    name: str
    planned_mu: float


@dataclass(frozen=True, slots=True)
class ReportData:
    """A delivery as it is reported; ``beams`` in the order of ``reconciliation.beams``.

    ``not_begun`` are those that would have followed.

    There is no patient in it: a report is found again by its delivery id. ``state`` is how the
    delivery stands in the record (complete, terminated, unresolved, refused). Times are
    nanoseconds since the epoch, UTC. ``software_version`` is the gateway's own.
    """

    delivery_id: str
    state: str
    plan_label: str
    plan_sop_instance_uid: str
    fraction_group: int
    fraction: int
    room: str
    seed: int | None
    started_ns: int
    ended_ns: int
    software_version: str
    machine: MachineIdentity | None
    panel: PanelIdentity | None
    reconciliation: Reconciliation
    beams: tuple[ReportBeam, ...]
    findings: tuple[Finding, ...] = ()
    not_begun: tuple[BeamNotBegun, ...] = ()
