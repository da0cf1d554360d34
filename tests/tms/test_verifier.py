"""Machine verification: what is asked of requests, what is compared, and the verdict's way back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import generate_uid

from simulators.tms.config import TmsConfig
from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from simulators.tms.uids import MACHINE_VERIFICATION
from simulators.tms.verification import Difference, Tolerances, Verdict, differences
from simulators.tms.verifier import Verifier
from tests.tms.builders import plan
from tests.tms.gateway import Listener, calling, known, managing

UID = "1.2.9.8"


def about(dataset: Dataset, **changes: Any) -> Dataset:
    """What an N-CREATE brings."""
    reference = item(
        ReferencedSOPClassUID=dataset.SOPClassUID, ReferencedSOPInstanceUID=dataset.SOPInstanceUID
    )
    request = item(
        ReferencedRTPlanSequence=[reference],
        PatientID="EPID-1",
        GeneralMachineVerificationSequence=[],
        ConventionalMachineVerificationSequence=[],
    )
    for keyword, value in changes.items():
        if value is None:
            del request[keyword]
        else:
            setattr(request, keyword, value)
    return request


def beam(number: int = 1, meterset: float = 100.0, **point: Any) -> Dataset:
    """What an N-SET brings."""
    device = item(RTBeamLimitingDeviceType="ASYMX", LeafJawPositions=[-50.0, 50.0])
    given = {
        "NominalBeamEnergy": "6",
        "GantryAngle": "0.1",
        "BeamLimitingDeviceAngle": "0",
        "BeamLimitingDevicePositionSequence": [device],
        **point,
    }
    return item(
        GeneralMachineVerificationSequence=[
            item(ReferencedBeamNumber=number, SpecifiedPrimaryMeterset=meterset)
        ],
        ConventionalMachineVerificationSequence=[
            item(
                RadiationType="PHOTON",
                ConventionalControlPointVerificationSequence=[item(**given)],
            )
        ],
    )


def other(keyword: str, value: str) -> Dataset:
    request = beam()
    setattr(request.GeneralMachineVerificationSequence[0], keyword, value)
    return request


def jaws(*positions: float, device: str = "ASYMX") -> list[Dataset]:
    return [item(RTBeamLimitingDeviceType=device, LeafJawPositions=list(positions))]


def compared(dataset: Dataset, request: Dataset) -> list[Difference]:
    group, planned = dataset.FractionGroupSequence[0], dataset.BeamSequence[0]
    return list(differences(group, planned, request, Tolerances()))


def verifier(dataset: Dataset, verdict: Verdict | None = None) -> Verifier:
    manager = TreatmentManager(TmsConfig(verdict=verdict))
    manager.hold(dataset)
    return manager.verifier


@pytest.mark.parametrize(
    ("request_", "differing"),
    [
        (beam(), []),
        (beam(GantryAngle="359.6"), []),
        (beam(GantryAngle="1"), ["GantryAngle"]),
        (beam(GantryAngle="179.9"), ["GantryAngle"]),
        (beam(BeamLimitingDeviceAngle="359.4"), ["BeamLimitingDeviceAngle"]),
        (beam(meterset=100.04), []),
        (beam(meterset=100.2), ["SpecifiedPrimaryMeterset"]),
        (beam(NominalBeamEnergy="10"), ["NominalBeamEnergy"]),
        (beam(BeamLimitingDevicePositionSequence=jaws(-50.5, 50.5)), []),
        (beam(BeamLimitingDevicePositionSequence=jaws(-50.0, 52.0)), ["LeafJawPositions"]),
        (beam(BeamLimitingDevicePositionSequence=jaws(1.0)), ["LeafJawPositions"]),
        (beam(BeamLimitingDevicePositionSequence=jaws(9.0, 9.0, device="Y")), []),
        (other("RadiationType", "ELECTRON"), ["RadiationType"]),
        (other("TreatmentMachineName", "LINAC2"), ["TreatmentMachineName"]),
        (other("TreatmentMachineName", "LINAC1"), []),
        (beam(GantryAngle="9", NominalBeamEnergy="10"), ["GantryAngle", "NominalBeamEnergy"]),
    ],
)
def test_what_differs_from_the_plan(request_: Dataset, differing: list[str]) -> None:
    dataset = plan(100.0)
    found = differences(
        dataset.FractionGroupSequence[0], dataset.BeamSequence[0], request_, Tolerances()
    )
    assert [each.keyword for each in found] == differing


angles = st.floats(0, 359.99).map(lambda angle: round(angle, 2))


@given(angles, st.floats(-2, 2))
def test_angles_are_compared_on_the_circle(angle: float, apart: float) -> None:
    dataset = plan(100.0)
    dataset.BeamSequence[0].ControlPointSequence[0].GantryAngle = f"{angle:g}"
    asked = (float(f"{angle:g}") + apart) % 360.0
    request = beam(GantryAngle=f"{asked:.6f}")
    found = list(
        differences(
            dataset.FractionGroupSequence[0], dataset.BeamSequence[0], request, Tolerances()
        )
    )
    if abs(abs(apart) - 0.5) > 1e-5:
        assert bool(found) is (abs(apart) > 0.5)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ReferencedRTPlanSequence": None}, 0x0120),
        ({"ReferencedRTPlanSequence": []}, 0x0121),
        ({"PatientID": ""}, 0x0121),
        ({"GeneralMachineVerificationSequence": None}, 0x0120),
        ({"ConventionalMachineVerificationSequence": [item(RadiationType="PHOTON")]}, 0x0106),
        ({"ReferencedFractionGroupNumber": "5"}, 0xC221),
    ],
)
def test_creations_that_are_refused(changes: dict[str, Any], status: int) -> None:
    dataset = plan(100.0)
    reply = verifier(dataset).create(UID, about(dataset, **changes))
    assert reply.status == status
    assert reply.comment


def test_a_plan_that_is_not_held_is_refused() -> None:
    assert verifier(plan(100.0)).create(UID, about(plan(100.0))).status == 0xC227


def test_a_fraction_group_is_named_where_there_are_several() -> None:
    dataset = plan(100.0, groups=2)
    made = verifier(dataset)
    assert made.create(UID, about(dataset)).status == 0x0120
    assert made.create(UID, about(dataset, ReferencedFractionGroupNumber="2")).status == 0x0000


def test_a_fraction_group_without_beams_is_refused() -> None:
    dataset = plan()
    assert verifier(dataset).create(UID, about(dataset)).status == 0xC222


def test_updates_that_are_refused() -> None:
    dataset = plan(100.0)
    made = verifier(dataset)
    assert made.set(UID, beam()).status == 0xC112
    assert made.create(UID, about(dataset)).status == 0x0000
    assert made.create(UID, about(dataset)).status == 0x0111
    assert made.verify(UID).status == 0x0110
    assert made.set(UID, beam(number=2)).status == 0xC224
    assert made.set(UID, about(dataset)).status == 0x0105
    assert made.set(UID, item(GeneralMachineVerificationSequence=[])).status == 0x0121
    lacking = beam()
    del lacking.ConventionalMachineVerificationSequence[0][0x0074104C]
    assert made.set(UID, lacking).status == 0x0121
    assert made.set(UID, beam()).status == 0x0000


@pytest.mark.parametrize(
    ("forced", "request_", "verdict", "listed"),
    [
        (None, beam(), "VERIFIED", ""),
        (None, beam(GantryAngle="9"), "NOT_VERIFIED", "FailedAttributesSequence"),
        (Verdict.OVERRIDDEN, beam(GantryAngle="9"), "VERIFIED_OVR", "OverriddenAttributesSequence"),
        (Verdict.NOT_VERIFIED, beam(), "NOT_VERIFIED", ""),
    ],
)
def test_verdicts(forced: Verdict | None, request_: Dataset, verdict: str, listed: str) -> None:
    dataset = plan(100.0)
    made = verifier(dataset, forced)
    made.create(UID, about(dataset))
    made.set(UID, request_)
    assert made.verify(UID).status == 0x0000
    got = made.get(UID, []).dataset
    assert got.TreatmentVerificationStatus == verdict
    for keyword in ("FailedAttributesSequence", "OverriddenAttributesSequence"):
        tags = [each.SelectorAttribute for each in got[keyword].value]
        assert tags == ([0x300A011E] if keyword == listed else [])


def test_the_verdict_comes_on_a_new_association(listener: Listener) -> None:
    dataset = plan(100.0)
    with managing(TmsConfig(destinations=known(listener))) as manager:
        manager.hold(dataset)
        uid = generate_uid()
        with calling(manager.port, "MPV") as association:
            create, _ = association.send_n_create(about(dataset), MACHINE_VERIFICATION, uid)
            assert create.Status == 0x0000
            change, _ = association.send_n_set(beam(GantryAngle="9"), MACHINE_VERIFICATION, uid)
            assert change.Status == 0x0000
            other, _ = association.send_n_action(None, 2, MACHINE_VERIFICATION, uid)
            assert other.Status == 0x0123
            action, _ = association.send_n_action(None, 1, MACHINE_VERIFICATION, uid)
            assert action.Status == 0x0000
            (event,) = listener.wait_for_events(1)
            _, got = association.send_n_get([0x3008002C, 0x00741048], MACHINE_VERIFICATION, uid)
            assert association.send_n_delete(MACHINE_VERIFICATION, uid).Status == 0x0000
            assert association.send_n_delete(MACHINE_VERIFICATION, uid).Status == 0xC112
        assert manager.verifier.uids() == []
    assert (event.event_type, event.context, event.instance) == (2, MACHINE_VERIFICATION, uid)
    assert event.dataset.TreatmentVerificationStatus == "NOT_VERIFIED"
    assert got.FailedAttributesSequence[0].SelectorAttribute == 0x300A011E
