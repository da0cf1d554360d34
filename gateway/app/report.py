"""The report of a stored delivery."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gateway.adapters.report import (
    NOT_CLINICAL,
    BeamNotBegun,
    ReportBeam,
    ReportData,
    render_report,
)
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.rt_image_writer import is_truncated
from gateway.domain.delivery import PortalFrame
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding
from gateway.domain.reconciliation import Reconciliation
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.domain.units import FloatArray

MOST_FRAMES_DRAWN = 32


def draw_report(
    context: RecordContext,
    entry: DeliveryEntry,
    evidence: Sequence[BeamEvidence],
    recorded: Sequence[RecordedBeam],
    reconciliation: Reconciliation,
    findings: Sequence[Finding],
) -> str:
    """The HTML page. The mean of its frames stands for a cine run."""
    beams = tuple(
        _beam(item, beam, truncated=is_truncated(context, beam))
        for item, beam in zip(evidence, recorded, strict=True)
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
            not_begun=tuple(
                BeamNotBegun(beam.number, beam.name, beam.planned_mu - beam.start_meterset_mu)
                for beam in entry.beams.values()
                if beam.number not in {item.beam.number for item in evidence}
            ),
        )
    )


def print_report(page: str, entry: DeliveryEntry) -> bytes:
    """The page of ``draw_report`` as PDF."""
    from gateway.adapters.report.pdf import report_pdf

    title = f"Delivery {entry.delivery_id}"
    return report_pdf(page, title, f"{title}. {NOT_CLINICAL}")


def _beam(item: BeamEvidence, recorded: RecordedBeam, *, truncated: bool) -> ReportBeam:
    frames = recorded.frames
    return ReportBeam(item, _image(frames), len(frames), truncated)


def _image(frames: Sequence[PortalFrame]) -> PortalFrame | None:
    if len(frames) < 2:
        return frames[0] if frames else None
    step = -(-len(frames) // MOST_FRAMES_DRAWN)
    chosen = frames[::step]
    mean: FloatArray = np.mean(np.stack([frame.pixels for frame in chosen]), axis=0)
    return replace(chosen[0], pixels=np.round(mean).astype(np.uint16))
