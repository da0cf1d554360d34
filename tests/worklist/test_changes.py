"""What is told of a step is what the standard wants, by the tables of the simulated system."""

from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.ups.changes import final_update, progress_update, state_change, subscription
from gateway.dicom.ups.codes import EQUIPMENT_FAILURE, INTERNAL_VERIFICATION
from gateway.domain.worklist import OutputObject, Performed, Progress, StepState
from simulators.tms import work_item as theirs
from simulators.tms.state import State
from tests.tms.builders import step as scheduled
from tests.worklist.builders import STATION

NOW = datetime(2026, 3, 4, 13, tzinfo=UTC)
UIDS = st.from_regex(r"1\.2\.[1-9][0-9]{0,8}", fullmatch=True)
OUTPUTS = st.builds(
    OutputObject,
    st.just("1.2.840.10008.5.1.4.1.1.481.1"),
    UIDS,
    st.sampled_from(["1.1", "1.2"]),
    st.sampled_from(["2.1", "2.2"]),
    st.sampled_from([(), ("OST",), ("ARCHIVE", "OST")]),
)


def performed(**changes: object) -> Performed:
    values = {
        "station": STATION,
        "workitem": INTERNAL_VERIFICATION,
        "started_ns": 1_772_625_600_000_000_000,
        "ended_ns": 1_772_625_660_000_000_000,
        "outputs": (),
    }
    return Performed(**values | changes)  # type: ignore[arg-type]


def test_a_claim_and_a_close_name_state_and_transaction() -> None:
    claim = state_change(StepState.IN_PROGRESS, "1.2.9")
    assert (claim.ProcedureStepState, claim.TransactionUID) == ("IN PROGRESS", "1.2.9")
    assert len(claim) == 2


def test_a_subscription_locks_nothing() -> None:
    asked = subscription("GATEWAY")
    assert (asked.ReceivingAE, asked.DeletionLock) == ("GATEWAY", "FALSE")


HALF_A_TENTH = 0.05 + 1e-9
"""Progress is told to a tenth of a percent; 1e-9 is for what doubles make of 1.25 - 1.2."""


@given(
    st.builds(
        Progress, st.floats(0, 100), st.none() | st.integers(0, 2**31 - 1), st.text(max_size=2000)
    )
)
def test_any_progress_may_be_set(progress: Progress) -> None:
    update = progress_update(progress, "1.2.9")
    assert list(theirs.change_problems(update, State.IN_PROGRESS)) == []
    (item,) = update.ProcedureStepProgressInformationSequence
    assert abs(float(item.ProcedureStepProgress) - progress.percent) <= HALF_A_TENTH
    if progress.beam_number is not None:
        (parameter,) = item.ProcedureStepProgressParametersSequence
        assert parameter.ConceptNameCodeSequence[0].CodeValue == "2018004"
        assert int(parameter.NumericValue) == progress.beam_number


@given(st.lists(OUTPUTS, max_size=8, unique_by=lambda one: one.sop_instance_uid), st.booleans())
def test_the_final_update_is_enough_for_the_final_state(
    outputs: list[OutputObject], complete: bool
) -> None:
    how = {} if complete else {"reason": "a stuck leaf", "reason_code": EQUIPMENT_FAILURE}
    update = final_update(performed(outputs=tuple(outputs), **how), "1.2.9")
    assert list(theirs.change_problems(update, State.IN_PROGRESS)) == []
    now = theirs.changed(theirs.created(scheduled(), "1.2.3", NOW), update, NOW)
    state = "COMPLETED" if complete else "CANCELED"
    assert theirs.unmet(now, state, NOW) == ""


@given(st.lists(OUTPUTS, max_size=8, unique_by=lambda one: one.sop_instance_uid))
def test_every_kept_object_is_named_once_where_it_is_kept(outputs: list[OutputObject]) -> None:
    (done,) = final_update(
        performed(outputs=tuple(outputs)), "1.2.9"
    ).UnifiedProcedureStepPerformedProcedureSequence
    named = {
        (
            one.ReferencedSOPInstanceUID,
            item.StudyInstanceUID,
            item.SeriesInstanceUID,
            tuple(place.RetrieveAETitle for place in item.DICOMRetrievalSequence),
        )
        for item in done.OutputInformationSequence
        for one in item.ReferencedSOPSequence
    }
    assert named == {
        (one.sop_instance_uid, one.study_instance_uid, one.series_instance_uid, one.kept_by)
        for one in outputs
        if one.kept_by
    }
    items = done.OutputInformationSequence
    for first, second in combinations(items, 2):
        assert (first.SeriesInstanceUID, first.DICOMRetrievalSequence) != (
            second.SeriesInstanceUID,
            second.DICOMRetrievalSequence,
        ) or first.StudyInstanceUID != second.StudyInstanceUID
