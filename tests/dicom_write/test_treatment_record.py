"""RT Beams Treatment Records: every control point, every meterset, also when it went wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gateway.dicom.treatment_record_writer import treatment_record
from gateway.domain.axes import Axis
from gateway.domain.delivery import TerminationStatus
from gateway.domain.machine import MachineModel
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.record import RecordedBeam
from gateway.planning.generate import KINDS, generate
from tests.dicom_write.builders import (
    LEAF_ERROR_MM,
    SECONDS_PER_CONTROL_POINT,
    context,
    delivery,
    empty,
    named,
    recorded,
)
from tests.dicom_write.test_plan_writer import ACCESSORIES, with_accessories
from tests.dicom_write.validation import dciodvfy_errors, decimal_strings, opened
from tests.generate.machines import AGILITY, GENERIC, HALCYON, M120

METERSET_ROUNDING_MU = 1e-6
"""Metersets are written to 1e-6 MU."""


def record(plan: TreatmentPlan, *beams: RecordedBeam) -> bytes:
    return treatment_record(context(plan), beams or [recorded(b) for b in plan.beams.values()])


def session_beam(plan: TreatmentPlan, beam: RecordedBeam) -> Dataset:
    return opened(record(plan, beam)).TreatmentSessionBeamSequence[0]


def delivered_mu(item: Dataset) -> list[float]:
    return [float(point.DeliveredMeterset) for point in item.ControlPointDeliverySequence]


CASES = [(M120, kind) for kind in KINDS] + [(HALCYON, "vmat"), (AGILITY, "picket-fence")]


@pytest.mark.peer
@pytest.mark.parametrize(("machine", "kind"), CASES)
def test_records_pass_dciodvfy(machine: MachineModel, kind: str, tmp_path: Path) -> None:
    assert dciodvfy_errors(record(generate(kind, machine, seed=1)), tmp_path) == []


@pytest.mark.peer
def test_a_troubled_record_passes_dciodvfy(tmp_path: Path) -> None:
    plan = with_accessories(*ACCESSORIES)
    beam = plan.beams[1]
    stopped = delivery(
        beam, 20.0, 61.5, TerminationStatus.MACHINE, "Leaf 12 stuck", ("POSITION", "DOOR")
    )
    beams = (
        replace(recorded(beam, 20.0, 61.5), delivery=stopped),
        lost(beam, 0.0, None),
    )
    content = record(plan, *beams)
    assert dciodvfy_errors(content, tmp_path) == []
    items = opened(content).TreatmentSessionBeamSequence
    assert [item.TreatmentTerminationStatus for item in items] == ["MACHINE", "UNKNOWN"]


def test_the_record_says_who_what_and_where() -> None:
    plan = named(generate("vmat", M120, seed=1), PatientName="Παπαδόπουλος^Γιώργος")
    dataset = opened(record(plan))
    assert str(dataset.PatientName) == "Παπαδόπουλος^Γιώργος"
    assert [str(name) for name in dataset.OperatorsName] == ["Physicist^Test", "Second^Person"]
    assert (dataset.TreatmentDate, dataset.TreatmentTime) == ("20231114", "221320.123456")
    assert dataset.StudyInstanceUID == plan.study_instance_uid
    assert dataset.SOPInstanceUID == context(plan).uid("record")
    machine = dataset.TreatmentMachineSequence[0]
    assert machine.TreatmentMachineName == "TestLinac"
    assert machine.DeviceSerialNumber == "SN-1"
    assert dataset.PrimaryDosimeterUnit == "MU"
    assert dataset.NumberOfFractionsPlanned == 30
    assert [item.ReferencedBeamNumber for item in dataset.TreatmentSessionBeamSequence] == [1, 2]
    assert max(map(len, decimal_strings(dataset))) <= 16


def test_a_complete_beam_states_every_control_point() -> None:
    plan = generate("vmat", M120, seed=1)
    beam = plan.beams[1]
    item = session_beam(plan, recorded(beam))
    points = item.ControlPointDeliverySequence
    assert item.NumberOfControlPoints == len(points) == 178
    assert [point.ReferencedControlPointIndex for point in points] == list(range(178))
    specified = [float(point.SpecifiedMeterset) for point in points]
    planned = beam.meterset_weight * beam.meterset_mu
    assert np.allclose(specified, planned, atol=METERSET_ROUNDING_MU)
    assert delivered_mu(item) == specified
    assert item.SpecifiedPrimaryMeterset == item.DeliveredPrimaryMeterset == beam.meterset_mu
    assert item.TreatmentDeliveryType == "TREATMENT"
    assert item.CurrentFractionNumber == 3
    assert item.TreatmentTerminationStatus == "NORMAL"
    assert "TreatmentTerminationDescription" not in item
    assert "InterlockSequence" not in item


def test_positions_are_the_measured_ones() -> None:
    plan = generate("vmat", M120, seed=1)
    beam = plan.beams[1]
    points = session_beam(plan, recorded(beam)).ControlPointDeliverySequence
    first = points[0]
    assert first.TableTopVerticalPosition == 10
    assert first.GantryRotationDirection == "CW"
    assert "TableTopVerticalPosition" not in points[1]
    assert points[-1].GantryRotationDirection == "NONE"
    for index in (0, 1, 90, 177):
        leaves = points[index].BeamLimitingDevicePositionSequence[-1]
        expected = beam.leaves["MLCX"][index] + LEAF_ERROR_MM
        # positions are written to 0.001 mm
        assert np.allclose(leaves.LeafJawPositions, expected, atol=5.1e-4)
        assert points[index].GantryAngle == pytest.approx(
            float(beam.axes[Axis.GANTRY][index]), abs=5.1e-4
        )


def test_dose_rates_and_times_follow_the_telemetry() -> None:
    plan = generate("step-and-shoot", M120, seed=1)
    beam = plan.beams[1]
    points = session_beam(plan, recorded(beam)).ControlPointDeliverySequence
    segment_mu = np.diff(beam.meterset_weight) * beam.meterset_mu
    rates = [float(point.DoseRateDelivered) for point in points]
    expected = [*(segment_mu / SECONDS_PER_CONTROL_POINT * 60.0), 0.0]
    # rates are written to 0.001 MU/min
    assert np.allclose(rates, expected, atol=5.1e-4)
    assert {float(point.DoseRateSet) for point in points} == {600.0}
    assert points[0].TreatmentControlPointTime == "221325.123456"
    assert points[2].TreatmentControlPointTime == "221326.123456"


@given(st.floats(0.05, 0.95))
@example(0.3046875)  # the rest's first sample lies on a control point
@settings(max_examples=15, deadline=None)
def test_a_continued_beam_adds_up_to_the_plan(share: float) -> None:
    plan = generate("step-and-shoot", GENERIC, seed=1)
    beam = plan.beams[1]
    stop = round(share * beam.meterset_mu, 3)
    begun = session_beam(plan, recorded(beam, 0.0, stop))
    rest = session_beam(plan, recorded(beam, stop))
    assert (begun.TreatmentDeliveryType, rest.TreatmentDeliveryType) == (
        "TREATMENT",
        "CONTINUATION",
    )
    total = float(begun.DeliveredPrimaryMeterset) + float(rest.DeliveredPrimaryMeterset)
    assert total == pytest.approx(beam.meterset_mu, abs=2 * METERSET_ROUNDING_MU)
    first, second = delivered_mu(begun), delivered_mu(rest)
    assert first[-1] == second[0] == pytest.approx(stop, abs=METERSET_ROUNDING_MU)
    planned = beam.meterset_weight * beam.meterset_mu
    joined = np.where(planned <= stop, first, second)
    assert np.allclose(joined, planned, atol=METERSET_ROUNDING_MU)
    for item in (begun, rest):
        assert np.all(np.diff(delivered_mu(item)) >= 0.0)
        assert len(item.ControlPointDeliverySequence) == beam.control_point_count


def test_a_session_states_motion_only_where_it_went() -> None:
    plan = generate("vmat", M120, seed=1)
    beam = plan.beams[1]
    stop = float(beam.meterset_weight[50]) * beam.meterset_mu
    begun = session_beam(plan, recorded(beam, 0.0, stop)).ControlPointDeliverySequence
    rest = session_beam(plan, recorded(beam, stop)).ControlPointDeliverySequence
    assert all("GantryAngle" not in point for point in begun[51:])
    assert begun[50].GantryRotationDirection == "NONE"
    assert rest[0].GantryRotationDirection == "NONE"
    assert all("GantryAngle" not in point for point in rest[1:50])
    assert rest[50].GantryRotationDirection == "CW"
    assert rest[0].GantryAngle == begun[50].GantryAngle


def lost(beam: Beam, start_mu: float, end_mu: float | None) -> RecordedBeam:
    return RecordedBeam(
        beam=beam,
        delivery=delivery(beam, start_mu, end_mu, TerminationStatus.UNKNOWN, "Evidence lost"),
        delivered=None,
        frames=(),
        continuation=start_mu > 0.0,
    )


@pytest.mark.parametrize(
    ("start", "end", "delivered"), [(0.0, None, 0.0), (0.0, 41.25, 41.25), (30.0, 41.25, 11.25)]
)
def test_without_telemetry_the_counter_alone_is_recorded(
    start: float, end: float | None, delivered: float
) -> None:
    plan = generate("vmat", HALCYON, seed=1)
    item = session_beam(plan, lost(plan.beams[1], start, end))
    assert item.DeliveredPrimaryMeterset == delivered
    assert item.TreatmentTerminationStatus == "UNKNOWN"
    assert item.TreatmentTerminationDescription == "Evidence lost"
    assert len(item.ControlPointDeliverySequence) == 178
    assert max(delivered_mu(item)) == pytest.approx(start + delivered, abs=METERSET_ROUNDING_MU)
    assert {point.GantryRotationDirection for point in item.ControlPointDeliverySequence
            if "GantryRotationDirection" in point} == {"NONE"}  # fmt: skip


def test_telemetry_without_a_sample_counts_as_none() -> None:
    plan = generate("step-and-shoot", M120, seed=1)
    beam = plan.beams[1]
    bare = lost(beam, 0.0, 12.5)
    assert record(plan, replace(bare, delivered=empty(beam))) == record(plan, bare)


def test_an_unknown_counter_falls_back_to_the_last_telemetry() -> None:
    plan = generate("vmat", M120, seed=1)
    beam = plan.beams[1]
    whole = recorded(beam, 0.0, 100.0)
    item = session_beam(plan, replace(whole, delivery=delivery(beam, 0.0, None)))
    last = float(whole.delivered.meterset_mu[-1]) if whole.delivered is not None else None
    assert item.DeliveredPrimaryMeterset == pytest.approx(last, abs=METERSET_ROUNDING_MU)


def test_a_beam_that_never_began_is_stamped_with_the_delivery() -> None:
    plan = generate("open-field", M120)
    beam = plan.beams[1]
    never = replace(delivery(beam, 0.0, 0.0, TerminationStatus.OPERATOR), started_ns=0, ended_ns=0)
    item = session_beam(plan, replace(lost(beam, 0.0, 0.0), delivery=never))
    times = {
        (point.TreatmentControlPointDate, point.TreatmentControlPointTime)
        for point in item.ControlPointDeliverySequence
    }
    assert times == {("20231114", "221320.123456")}
    assert item.DeliveredPrimaryMeterset == 0


def test_interlocks_and_accessories_are_recorded() -> None:
    plan = with_accessories(*ACCESSORIES)
    beam = plan.beams[1]
    stopped = delivery(beam, 0.0, 50.0, TerminationStatus.MACHINE, "Door", ("DOOR",))
    item = session_beam(plan, replace(recorded(beam, 0.0, 50.0), delivery=stopped))
    interlock = item.InterlockSequence[0]
    assert interlock.InterlockDescription == "DOOR"
    assert interlock.InterlockResolutionCodeSequence[0].CodeValue == "STANDING"
    assert interlock.InterlockDateTime == "20231114222140.123456+0000"
    assert (item.NumberOfWedges, item.NumberOfBlocks, item.NumberOfBoli) == (1, 1, 1)
    assert item.RecordedWedgeSequence[0].WedgeAngle == 30
    assert item.RecordedBlockSequence[0].BlockTrayID == "TRAY"
    assert item.ReferencedBolusSequence[0].ReferencedROINumber == 4
    assert item.GeneralAccessorySequence[0].AccessoryCode == "123456"
    assert item.ControlPointDeliverySequence[0].WedgePositionSequence[0].WedgePosition == "IN"


def test_electron_energies_are_in_mev() -> None:
    plan = generate("electron", M120)
    item = session_beam(plan, recorded(plan.beams[1]))
    assert item.ApplicatorSequence[0].ApplicatorID == "A10X10"
    assert item.ControlPointDeliverySequence[0].NominalBeamEnergyUnit == "MEV"


def test_equal_deliveries_give_equal_bytes() -> None:
    plan = generate("vmat", M120, seed=1)
    assert record(plan) == record(generate("vmat", M120, seed=1))
