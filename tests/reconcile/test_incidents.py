"""Links, interlocks, people, frames and lost samples are named; what follows from them is not."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.delivery import FrameKind, TerminationStatus
from gateway.domain.evidence import BeamEvidence, FrameRecord, LinkIncident
from gateway.domain.reconciliation import Cause, Verdict
from gateway.reconcile import reconcile
from tests.reconcile.builders import Machine, deliver, leaf_column, tolerances
from tests.reconcile.sketches import sliding_window, static


def causes_of(evidence: BeamEvidence) -> tuple[Cause, ...]:
    result = reconcile([evidence], tolerances())
    assert result.verdict is Verdict.FAIL
    return result.causes


def ended(
    status: TerminationStatus, *interlocks: str, incidents: tuple[LinkIncident, ...] = ()
) -> BeamEvidence:
    """A sliding window that ended at control point 8.4."""
    evidence = deliver(sliding_window(), Machine(stop_s=8.4))
    delivery = replace(evidence.delivery, termination_status=status, interlocks=interlocks)
    return replace(evidence, delivery=delivery, incidents=incidents)


@pytest.mark.parametrize(
    ("interlock", "name"),
    [
        ("DOOR", "door-open"),
        ("EMERGENCY_STOP", "emergency-stop"),
        ("DEAD_MAN", "dead-man"),
        ("HARDWARE", "hardware-interlock"),
        ("POSITION", "position-interlock"),
    ],
)
def test_interlocks(interlock: str, name: str) -> None:
    (cause,) = causes_of(ended(TerminationStatus.MACHINE, interlock))
    assert cause == Cause(name, 1, control_point=8)


def test_operator() -> None:
    (cause,) = causes_of(ended(TerminationStatus.OPERATOR))
    assert cause == Cause("operator-abort", 1, control_point=8)


def test_an_end_without_a_reason_is_still_named() -> None:
    (cause,) = causes_of(ended(TerminationStatus.MACHINE))
    assert cause == Cause("terminated", 1, control_point=8)


def test_a_beam_that_was_never_on() -> None:
    evidence = replace(
        ended(TerminationStatus.MACHINE), delivered=None, telemetry=None, read_back=None
    )
    assert [cause.cause for cause in causes_of(evidence)] == ["terminated"]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("link-lost", "lost-link"),
        ("stale-telemetry", "stale-telemetry"),
        ("protocol-error", "garbage-bytes"),
    ],
)
def test_links(code: str, name: str) -> None:
    """The dead-man that ended the beam and the samples that never came are consequences."""
    incident = LinkIncident("linac", code, "text", 8.3)
    evidence = ended(TerminationStatus.MACHINE, "DEAD_MAN", incidents=(incident,))
    evidence = replace(evidence, delivery=replace(evidence.delivery, lost_samples=4))
    (cause,) = causes_of(evidence)
    assert cause == Cause(name, 1, control_point=8, device="linac")


def test_a_lost_link_that_first_fell_silent() -> None:
    incidents = (
        LinkIncident("linac", "stale-telemetry", "silent", 8.3),
        LinkIncident("linac", "link-lost", "no reply", 8.4),
    )
    (cause,) = causes_of(ended(TerminationStatus.UNKNOWN, incidents=incidents))
    assert cause == Cause("lost-link", 1, control_point=8, device="linac")


def test_unknown_meterset_is_no_pass() -> None:
    evidence = deliver(static())
    evidence = replace(evidence, delivery=replace(evidence.delivery, end_meterset_mu=None))
    (cause,) = causes_of(evidence)
    assert cause.cause == "meterset-unknown"


def test_a_lost_imager_does_not_end_the_beam_but_is_named() -> None:
    incident = LinkIncident("imager", "link-lost", "closed", 0.4)
    (cause,) = causes_of(replace(deliver(static()), incidents=(incident,)))
    assert cause == Cause("lost-link", 1, control_point=0, device="imager")


def test_what_a_stuck_leaf_brings_about_is_folded() -> None:
    """Position interlock, termination and missing meterset all come from the leaf."""
    sketch = sliding_window()
    stuck = Machine(stuck={leaf_column(sketch, "X1", 3): 6.0}, hold_tolerance=2.0)
    (cause,) = causes_of(deliver(sketch, stuck))
    assert (cause.cause, cause.leaf) == ("stuck-leaf", 3)


def test_a_leaf_that_holds_below_our_own_limit_is_named() -> None:
    """The machine holds at 0.7 mm; our limit of 1 mm is never reached."""
    sketch = sliding_window()
    stuck = Machine(stuck={leaf_column(sketch, "X2", 8): 6.0}, hold_tolerance=0.7)
    (cause,) = causes_of(deliver(sketch, stuck))
    assert (cause.cause, cause.bank, cause.leaf) == ("stuck-leaf", "X2", 8)


def test_lost_samples() -> None:
    evidence = deliver(sliding_window())
    assert evidence.telemetry is not None
    sequence = evidence.telemetry.sequence.copy()
    sequence[100:] += 7
    (cause,) = causes_of(
        replace(evidence, telemetry=replace(evidence.telemetry, sequence=sequence))
    )
    assert cause == Cause("lost-samples", 1, error=7.0, unit="samples")


def frames(numbers: list[int]) -> tuple[FrameRecord, ...]:
    """Cine frames of 8 MU each, in order of arrival."""
    return tuple(
        FrameRecord(FrameKind.CINE, number, 0, 0, (number - 1) * 8.0, number * 8.0, 0)
        for number in numbers
    )


@pytest.mark.parametrize(
    ("numbers", "sent", "expected"),
    [
        ([1, 2, 4, 5], 5, [("dropped-frame", 3)]),
        ([1, 2, 3, 4], 5, [("dropped-frame", 5)]),
        ([1, 2, 4, 5], None, [("dropped-frame", 3)]),
        ([1, 2, 3, 3, 4], 4, [("duplicated-frame", 3)]),
        ([1, 3, 2, 4], 4, [("reordered-frame", 2)]),
        (
            [1, 2, 2, 5, 4],
            5,
            [("dropped-frame", 3), ("duplicated-frame", 2), ("reordered-frame", 4)],
        ),
        ([], 1, [("dropped-frame", 1)]),
    ],
)
def test_frames(numbers: list[int], sent: int | None, expected: list[tuple[str, int]]) -> None:
    evidence = replace(deliver(sliding_window()), frames=frames(numbers), frames_sent=sent)
    assert [(cause.cause, cause.frame) for cause in causes_of(evidence)] == expected


def test_whole_runs_of_frames_are_no_cause() -> None:
    evidence = replace(deliver(sliding_window()), frames=frames([1, 2, 3]), frames_sent=3)
    assert reconcile([evidence], tolerances()).verdict is Verdict.PASS


def test_a_continuation_is_judged_on_what_it_was_to_deliver() -> None:
    """It starts between two control points at the meterset already delivered."""
    whole = sliding_window()
    rest = replace(
        whole,
        scalars=whole.scalars[8:],
        leaves=whole.leaves[8:],
        meterset_mu=whole.meterset_mu[8:],
        segment_s=whole.segment_s[8:],
        first_control_point=8.0,
    )
    assert reconcile([deliver(rest)], tolerances()).verdict is Verdict.PASS
    stuck = Machine(stuck={leaf_column(rest, "X1", 2): 4.0})
    (cause,) = causes_of(deliver(rest, stuck))
    assert (cause.cause, cause.control_point) == ("stuck-leaf", 12)
    result = reconcile([deliver(rest)], tolerances()).beams[0]
    assert result.motion is not None
    np.testing.assert_array_equal(result.motion.matrices["MLCX"].control_points, np.arange(8, 21))
