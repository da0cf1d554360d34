"""The report of a stored delivery."""

from collections.abc import Sequence

from gateway.adapters.report import ReportBeam, ReportData, render_report
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import PortalFrame
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding
from gateway.domain.reconciliation import Reconciliation
from gateway.domain.record import RecordContext, RecordedBeam


def draw_report(
    context: RecordContext,
    entry: DeliveryEntry,
    evidence: Sequence[BeamEvidence],
    recorded: Sequence[RecordedBeam],
    reconciliation: Reconciliation,
    findings: Sequence[Finding],
) -> str:
    """The HTML page. The middle frame stands for a cine run."""
    beams = tuple(
        _beam(item, beam.frames) for item, beam in zip(evidence, recorded, strict=True)
    )
    ended_ns = max((item.delivery.ended_ns for item in evidence), default=entry.started_ns)
    return render_report(
        ReportData(
            delivery_id=entry.delivery_id,
            state=entry.outcome.value,
            plan_label=entry.plan_label,
            plan_sop_instance_uid=entry.plan_uid,
            fraction_group=entry.fraction_group,
            fraction=entry.fraction,
            room=entry.room,
            seed=entry.seed,
            started_ns=entry.started_ns,
            ended_ns=ended_ns,
            software_version=context.software_version,
            machine=context.machine,
            panel=context.panel,
            reconciliation=reconciliation,
            beams=beams,
            findings=tuple(findings),
        )
    )


def _beam(item: BeamEvidence, frames: Sequence[PortalFrame]) -> ReportBeam:
    image = frames[len(frames) // 2] if frames else None
    return ReportBeam(item, image, len(frames))
