"""What an external verification system said of a beam, in the treatment record."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.tag import Tag

from gateway.dicom.iod.validation import validate
from gateway.domain.worklist import Verification, VerificationStatus
from gateway.planning.generate import generate
from tests.dicom_write.builders import (
    recorded,
)
from tests.dicom_write.test_treatment_record import record, session_beam
from tests.dicom_write.validation import dciodvfy_errors
from tests.generate.machines import M120


@pytest.mark.parametrize("status", VerificationStatus)
def test_what_an_external_system_said_is_in_the_record(status: VerificationStatus) -> None:
    plan = generate("open-field", M120, seed=1)
    (beam,) = plan.beams.values()
    said = Verification(beam.number, status, ("GantryAngle", "TableTopVerticalPosition"))
    verified = replace(recorded(beam), verification=said)
    item = session_beam(plan, verified)
    assert item.TreatmentVerificationStatus == status.value
    first, second, *_ = item.ControlPointDeliverySequence
    assert "OverrideSequence" not in first
    overridden = status is VerificationStatus.OVERRIDDEN
    assert ("OverrideSequence" in second) == overridden
    if overridden:
        assert [one.OverrideParameterPointer for one in second.OverrideSequence] == [
            Tag("GantryAngle"),
            Tag("TableTopVerticalPosition"),
        ]
        assert all(one.OverrideReason for one in second.OverrideSequence)
    assert validate(record(plan, verified)).findings == ()


def test_without_an_external_system_nothing_is_said_of_verification() -> None:
    plan = generate("open-field", M120, seed=1)
    assert session_beam(plan, recorded(plan.beams[1])).TreatmentVerificationStatus == ""


@pytest.mark.peer
def test_overrides_pass_dciodvfy(tmp_path: Path) -> None:
    """The one status of the three (C.8.8.21) that it knows."""
    plan = generate("open-field", M120, seed=1)
    said = Verification(1, VerificationStatus.OVERRIDDEN, ("GantryAngle",))
    verified = replace(recorded(plan.beams[1]), verification=said)
    assert dciodvfy_errors(record(plan, verified), tmp_path) == []
