"""The gateway's own data sets, put to the simulated system without a network between."""

from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.dicom.plan_file import read_plan
from gateway.dicom.ups.verification import (
    beam_parameters,
    read_verification,
    verification_request,
)
from gateway.domain.plan import TreatmentPlan
from gateway.domain.worklist import VerificationStatus
from simulators.tms.config import TmsConfig
from simulators.tms.manager import TreatmentManager
from simulators.tms.verifier import Verifier
from tests.realdata import real_data

UID = "1.2.9.8"
PLANS = (
    "elekta_monaco_10static_fields.dcm",
    "elekta_monaco_dmlc_2fractiongroups.dcm",
    "elekta_monaco_vmat_2partial_arcs.dcm",
    "pydicom_minimal_static.dcm",
    "sliding_window_4beam_10MV_6MV.dcm",
    "varian_clinac_3dcrt_prostate_phantom.dcm",
)


def read(path: Path, fraction_group: int) -> TreatmentPlan:
    plan, findings = read_plan(path).resolve(fraction_group)
    assert plan is not None, findings
    return plan


def verified(verifier: Verifier, plan: TreatmentPlan) -> dict[int, VerificationStatus]:
    assert verifier.create(UID, verification_request(plan)).status == 0x0000
    verdicts = {}
    for beam in plan.beams.values():
        assert verifier.set(UID, beam_parameters(beam)).status == 0x0000
        assert verifier.verify(UID).status == 0x0000
        answer = verifier.get(UID, []).dataset
        verdicts[beam.number] = read_verification(beam.number, answer).status
    assert verifier.delete(UID) == 0x0000
    return verdicts


@pytest.mark.peer
@pytest.mark.parametrize("name", PLANS)
def test_beams_of_real_plans_are_verified(name: str) -> None:
    path = real_data(f"rtplan/{name}")
    manager = TreatmentManager(TmsConfig())
    manager.hold(dcmread(path, force=True))
    for number in read_plan(path).fraction_group_numbers:
        verdicts = verified(manager.verifier, read(path, number))
        assert verdicts
        assert set(verdicts.values()) == {VerificationStatus.VERIFIED}


@pytest.mark.peer
def test_beams_of_another_plan_are_not() -> None:
    path = real_data(f"rtplan/{PLANS[4]}")
    other = dcmread(path)
    for beam in other.BeamSequence:
        beam.ControlPointSequence[0].GantryAngle = "91"
    manager = TreatmentManager(TmsConfig())
    manager.hold(other)
    verdicts = verified(manager.verifier, read(path, 1))
    assert set(verdicts.values()) == {VerificationStatus.NOT_VERIFIED}
