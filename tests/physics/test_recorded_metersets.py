"""A treatment record states the meterset the machine counted, not the one that was asked for."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.dicom.treatment_record_writer import treatment_record
from gateway.domain.delivery import TerminationStatus
from gateway.domain.record import RecordedBeam
from gateway.domain.units import FloatArray, frozen
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, delivery, recorded
from tests.dicom_write.validation import opened
from tests.generate.machines import M120

METERSET_ROUNDING_MU = 1e-6
"""Metersets are written to 1e-6 MU."""


def metersets(beam: RecordedBeam) -> tuple[FloatArray, FloatArray, float]:
    """Specified and delivered meterset of every control point, and of the session."""
    plan = replace(generate("vmat", M120, seed=1), beams={1: beam.beam})
    item = opened(treatment_record(context(plan), [beam])).TreatmentSessionBeamSequence[0]
    points = item.ControlPointDeliverySequence
    return (
        np.array([float(point.SpecifiedMeterset) for point in points]),
        np.array([float(point.DeliveredMeterset) for point in points]),
        float(item.DeliveredPrimaryMeterset),
    )


def test_dose_that_runs_ahead_of_the_motion_is_recorded() -> None:
    """3 MU too much from the middle of the arc on, and none of it given back."""
    beam = generate("vmat", M120, seed=1).beams[1]
    whole = recorded(beam)
    assert whole.delivered is not None
    half = float(whole.delivered.control_point[-1]) / 2
    ahead = whole.delivered.meterset_mu + 3.0 * (whole.delivered.control_point > half)
    beam_delivery = delivery(beam, 0.0, float(ahead[-1]), TerminationStatus.MACHINE, "Overrun")
    measured = replace(
        whole,
        delivered=replace(whole.delivered, meterset_mu=frozen(ahead)),
        delivery=beam_delivery,
    )
    specified, delivered, total = metersets(measured)
    excess = np.where(np.arange(specified.size) > half, 3.0, 0.0)
    assert np.allclose(delivered - specified, excess, atol=2 * METERSET_ROUNDING_MU)
    assert delivered[-1] == pytest.approx(total, abs=METERSET_ROUNDING_MU)


def test_the_last_control_point_carries_the_counter_of_an_overrun() -> None:
    beam = generate("vmat", M120, seed=1).beams[1]
    overrun = delivery(beam, 0.0, beam.meterset_mu + 1.192, TerminationStatus.MACHINE, "Ceiling")
    specified, delivered, total = metersets(replace(recorded(beam), delivery=overrun))
    assert delivered[-1] == total == pytest.approx(beam.meterset_mu + 1.192)
    assert np.allclose(delivered[:-1], specified[:-1], atol=2 * METERSET_ROUNDING_MU)


def test_the_first_control_point_is_where_the_session_started() -> None:
    """The first sample comes a cycle after beam-on and has pulses already."""
    beam = generate("vmat", M120, seed=1).beams[1]
    whole = recorded(beam)
    assert whole.delivered is not None
    trajectory = whole.delivered
    late = replace(
        trajectory,
        time_s=trajectory.time_s[1:],
        meterset_mu=trajectory.meterset_mu[1:],
        control_point=trajectory.control_point[1:],
        axes={axis: column[1:] for axis, column in trajectory.axes.items()},
        leaves={device: rows[1:] for device, rows in trajectory.leaves.items()},
        beam_on=trajectory.beam_on[1:],
        held=trajectory.held[1:],
    )
    _, delivered, _ = metersets(replace(whole, delivered=late))
    assert delivered[0] == 0.0
