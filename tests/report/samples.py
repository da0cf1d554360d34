"""Reports of synthetic deliveries: a clean one, a stuck leaf, a terminated one, a refused one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gateway.adapters.report import ReportBeam, ReportData
from gateway.domain.axes import JAWS, Axis
from gateway.domain.delivery import (
    FrameKind,
    MachineIdentity,
    PanelIdentity,
    PortalFrame,
    TerminationStatus,
)
from gateway.domain.evidence import BeamEvidence, LinkIncident
from gateway.domain.findings import Finding, info, warning
from gateway.domain.reconciliation import Verdict
from gateway.reconcile import reconcile
from tests.reconcile import builders, sketches
from tests.reconcile.builders import Machine, deliver, leaf_column
from tests.reconcile.sketches import Sketch
from tests.report import witnessed

STARTED_NS = 1_780_000_000_000_000_000
PANEL = PanelIdentity("Bench", "Panel 1190", "P-7", "2.1", 1190, 1190, 0.336, 1500.0, 16)


def image_of(evidence: BeamEvidence, seed: int = 1) -> PortalFrame:
    """Counts proportional to how long each pixel was open, with noise."""
    pixel_mm = PANEL.pitch_mm * 1000 / PANEL.sid_mm
    axis_mm = (np.arange(PANEL.columns) - (PANEL.columns - 1) / 2) * pixel_mm
    pairs = evidence.planned.leaves["MLCX"].shape[1] // 2
    boundaries = evidence.beam.devices["MLCX"].boundaries_mm
    assert boundaries is not None
    x, y = axis_mm[np.newaxis, :], axis_mm[::-1, np.newaxis]
    angle = np.radians(evidence.beam.axes[Axis.COLLIMATOR][0])
    along, across = (
        x * np.cos(angle) + y * np.sin(angle),
        -x * np.sin(angle) + y * np.cos(angle),
    )
    pair = np.clip(np.searchsorted(boundaries, across) - 1, 0, pairs - 1)
    inside = (across > boundaries[0]) & (across < boundaries[-1])
    jaws = [evidence.beam.axes[axis][0] for axis in JAWS]
    inside = inside & (along > jaws[0]) & (along < jaws[1])
    inside = inside & (across > jaws[2]) & (across < jaws[3])
    signal = np.zeros(pair.shape)
    leaves = evidence.planned.leaves["MLCX"]
    for row in leaves[:: max(1, len(leaves) // 12)]:
        signal += inside & (along > row[:pairs][pair]) & (along < row[pairs:][pair])
    signal = 40.0 + 900.0 * signal / max(1.0, float(signal.max()))
    pixels = np.random.default_rng(seed).poisson(signal).astype(np.uint16)
    mu = evidence.delivery.end_meterset_mu or 0.0
    return PortalFrame(
        FrameKind.INTEGRATED, evidence.beam.number, 1, 0, 1, 0.0, mu, 0.001, 0, pixels
    )


def report(
    evidence: Sequence[BeamEvidence],
    state: str,
    findings: tuple[Finding, ...] = (),
) -> ReportData:
    """The report of some beams in one room."""
    return ReportData(
        delivery_id="20260528-101500-4f2a",
        state=state,
        plan_label="VMAT phantom",
        plan_sop_instance_uid="1.2.826.0.1.3680043.10.1.2.3",
        fraction_group=1,
        fraction=3,
        room="bench",
        seed=42,
        started_ns=STARTED_NS,
        ended_ns=STARTED_NS + 95_000_000_000,
        software_version="0.1.0",
        machine=MachineIdentity(
            "Bench", "Linac 60", "SN-1", "1.0", 0.02, 0.25, evidence[0].program.layout
        ),
        panel=PANEL,
        reconciliation=reconcile(evidence, builders.tolerances()),
        beams=tuple(
            ReportBeam(item, image_of(item) if item.delivered and item.beam.leaves else None, 1)
            for item in evidence
        ),
        findings=findings,
    )


def numbered(sketch: Sketch, number: int) -> Sketch:
    """``sketch`` as another beam of the plan."""
    return replace(sketch, number=number)


def clean_vmat() -> ReportData:
    """Two arcs as planned."""
    beams = [
        deliver(
            numbered(sketches.arc(pairs=60, control_points=61, mu=300, first_deg=first), number),
            Machine(seed=number),
        )
        for number, first in ((1, 179.0), (2, 120.0))
    ]
    return report(beams, "complete", (warning("unapproved", "ApprovalStatus", "not approved"),))


def stuck_leaf() -> ReportData:
    """A leaf stops half way through the first of two beams; the machine does not notice."""
    sketch = sketches.arc(pairs=60)
    stuck = deliver(sketch, Machine(stuck={leaf_column(sketch, "X2", 34): 20.0}))
    static = deliver(numbered(sketches.static(pairs=60), 2))
    return report([stuck, static], "complete")


def held_and_terminated() -> ReportData:
    """The machine holds for a stuck leaf and the beam is ended."""
    sketch = sketches.sliding_window(pairs=40)
    machine = Machine(stuck={leaf_column(sketch, "X1", 22): 11.0}, hold_tolerance=2.0)
    return report([deliver(sketch, machine)], "terminated", (info("seed", "", "seed drawn: 42"),))


def lost_link() -> ReportData:
    """The linac's link breaks in the second of three beams; the third is never started."""
    first = deliver(sketches.step_and_shoot(pairs=40))
    second = deliver(numbered(sketches.sliding_window(pairs=40), 2), Machine(stop_s=8.4))
    second = replace(
        second,
        delivery=replace(
            second.delivery,
            termination_status=TerminationStatus.UNKNOWN,
            termination_reason="linac: the link was closed",
            end_meterset_mu=None,
            lost_samples=3,
        ),
        incidents=(LinkIncident("linac", "link-lost", "the link was closed", 8.4),),
    )
    return report([first, second], "unresolved")


def refused_beam() -> ReportData:
    """The bank read back before the beam stands 3 mm off."""
    sketch = sketches.static(pairs=40)
    positions = sketch.program.positions[0].copy()
    first = len(sketches.SCALARS)
    positions[first : first + 40] -= 3.0
    return report([builders.refused(sketch, positions)], "terminated")


def miscalibrated_leaf() -> ReportData:
    """Log and plan agree; the portal image does not."""
    data = report([deliver(sketches.static(pairs=40))], "complete")
    matrix = witnessed.matrix()
    (beam,) = data.reconciliation.beams
    result = replace(
        data.reconciliation,
        verdict=Verdict.FAIL,
        causes=tuple(item.cause for item in matrix.causes),
        beams=(replace(beam, verdict=Verdict.FAIL, witnesses=matrix),),
    )
    return replace(data, reconciliation=result)


SAMPLES = {
    "clean-vmat": clean_vmat,
    "stuck-leaf": stuck_leaf,
    "terminated": held_and_terminated,
    "lost-link": lost_link,
    "refused": refused_beam,
    "miscalibrated-leaf": miscalibrated_leaf,
}
