"""Deliveries made up for the writers: motion along the plan, frames with known pixels."""

from dataclasses import replace

import numpy as np

from gateway.dicom.uids import uid_source
from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import (
    BeamDelivery,
    FrameKind,
    MachineIdentity,
    PanelIdentity,
    PortalFrame,
    TerminationStatus,
)
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import NS_PER_S, FloatArray, frozen

STARTED_NS = 1_700_000_000 * NS_PER_S + 123_456_000
WRITTEN_NS = STARTED_NS + 600 * NS_PER_S
MACHINE = MachineIdentity(
    "Test bench", "TestLinac", "SN-1", "4.2", 0.02, 0.25, AxisLayout((Axis.GANTRY,), ())
)
PANEL = PanelIdentity("Test bench", "TestPanel", "P-7", "2.1", 48, 64, 6.5, 1500.0, 16)
LEAF_ERROR_MM = 0.12
SECONDS_PER_CONTROL_POINT = 0.5
SAMPLES_PER_CONTROL_POINT = 25


def continuous(angles: FloatArray, directions: tuple[str, ...], axis: Axis) -> FloatArray:
    """Stated angles without jumps, following the rotation directions (IEC 61217)."""
    rising = "CW" if axis is Axis.GANTRY else "CC"
    turned = [float(angles[0])]
    for angle, direction in zip(angles[1:], directions, strict=False):
        step = (float(angle) - turned[-1]) % 360.0
        if direction == "NONE":
            step = 0.0
        turned.append(turned[-1] + (step if direction in {rising, "NONE"} else step - 360.0))
    return np.array(turned)


def delivered(beam: Beam, start_mu: float = 0.0, end_mu: float | None = None) -> Trajectory:
    """Motion along the plan between two metersets; leaves 0.12 mm off, couch at 10, 20, 30."""
    planned_mu = beam.meterset_weight * beam.meterset_mu
    points = np.arange(planned_mu.size, dtype=np.float64)
    fine = np.linspace(0.0, points[-1], (points.size - 1) * SAMPLES_PER_CONTROL_POINT + 1)
    mu = np.interp(fine, points, planned_mu)
    stop = planned_mu[-1] if end_mu is None else end_mu
    kept = (mu >= start_mu) & (mu <= stop)
    fine, mu = fine[kept], mu[kept]
    axes = {
        axis: np.interp(fine, points, continuous(column, beam.rotation[axis], axis))
        if axis in beam.rotation
        else np.interp(fine, points, column)
        for axis, column in beam.axes.items()
    }
    couch = (Axis.COUCH_VERTICAL, Axis.COUCH_LONGITUDINAL, Axis.COUCH_LATERAL)
    axes |= {axis: np.full(fine.size, 10.0 * place) for place, axis in enumerate(couch, start=1)}
    leaves = {
        device: np.stack([np.interp(fine, points, leaf) for leaf in rows.T], axis=1) + LEAF_ERROR_MM
        for device, rows in beam.leaves.items()
    }
    return Trajectory(
        beam_number=beam.number,
        source="telemetry",
        time_s=frozen((fine - fine[0]) * SECONDS_PER_CONTROL_POINT),
        meterset_mu=frozen(mu),
        control_point=frozen(fine),
        axes={axis: frozen(column) for axis, column in axes.items()},
        leaves={device: frozen(rows) for device, rows in leaves.items()},
        beam_on=np.ones(fine.size, dtype=np.bool_),
        held=np.zeros(fine.size, dtype=np.bool_),
    )


def empty(beam: Beam) -> Trajectory:
    """A trajectory without a sample."""
    whole = delivered(beam)
    return replace(
        whole,
        time_s=whole.time_s[:0],
        meterset_mu=whole.meterset_mu[:0],
        control_point=whole.control_point[:0],
        axes={axis: column[:0] for axis, column in whole.axes.items()},
        leaves={device: rows[:0] for device, rows in whole.leaves.items()},
        beam_on=whole.beam_on[:0],
        held=whole.held[:0],
    )


def delivery(
    beam: Beam,
    start_mu: float = 0.0,
    end_mu: float | None = None,
    status: TerminationStatus = TerminationStatus.NORMAL,
    reason: str = "",
    interlocks: tuple[str, ...] = (),
) -> BeamDelivery:
    """How the session of ``beam`` ended; ``end_mu`` None means that the counter is not known."""
    return BeamDelivery(
        beam_number=beam.number,
        beam_name=beam.name,
        planned_mu=beam.meterset_mu,
        start_meterset_mu=start_mu,
        end_meterset_mu=end_mu,
        termination_status=status,
        termination_reason=reason,
        interlocks=interlocks,
        samples=1000,
        lost_samples=0,
        started_ns=STARTED_NS + 5 * NS_PER_S,
        ended_ns=STARTED_NS + 500 * NS_PER_S,
    )


def recorded(beam: Beam, start_mu: float = 0.0, end_mu: float | None = None) -> RecordedBeam:
    """``beam`` delivered from ``start_mu`` to ``end_mu`` (None: its end)."""
    stop = beam.meterset_mu if end_mu is None else end_mu
    status = TerminationStatus.NORMAL if end_mu is None else TerminationStatus.OPERATOR
    return RecordedBeam(
        beam=beam,
        delivery=delivery(beam, start_mu, stop, status, "" if end_mu is None else "Stopped"),
        delivered=delivered(beam, start_mu, stop),
        frames=(),
        continuation=start_mu > 0.0,
    )


def context(plan: TreatmentPlan, panel: PanelIdentity | None = PANEL) -> RecordContext:
    """The delivery all objects of a test belong to."""
    return RecordContext(
        plan=plan,
        delivery_id="20240101-0001",
        fraction_number=3,
        machine=MACHINE,
        machine_name="TestLinac",
        panel=panel,
        sad_mm=1000.0,
        operators=("Physicist^Test", "Second^Person"),
        uid=uid_source(7, "20240101-0001"),
        started_ns=STARTED_NS,
        written_ns=WRITTEN_NS,
        software_version="0.1.0",
    )


def frame(
    beam: Beam, number: int = 1, frames: int = 1, panel: PanelIdentity = PANEL
) -> PortalFrame:
    """The ``number``-th of ``frames`` that share the beam's meterset evenly; a pixel ramp."""
    ramp = np.arange(panel.rows * panel.columns, dtype=np.uint16) + number
    share = beam.meterset_mu / frames
    return PortalFrame(
        kind=FrameKind.INTEGRATED if frames == 1 else FrameKind.CINE,
        beam_number=beam.number,
        number=number,
        start_time_ns=(number - 1) * 100_000_000,
        end_time_ns=number * 100_000_000,
        start_meterset_mu=(number - 1) * share,
        end_meterset_mu=number * share,
        cu_per_count=0.0025,
        saturated=0,
        pixels=ramp.reshape(panel.rows, panel.columns),
    )


def named(plan: TreatmentPlan, **attributes: str) -> TreatmentPlan:
    """``plan`` with other patient attributes."""
    patient = replace(plan.patient, attributes=dict(plan.patient.attributes) | attributes)
    return replace(plan, patient=patient)
