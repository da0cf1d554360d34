"""Portal frames that did not come as they were taken."""

from collections import Counter
from collections.abc import Sequence

from gateway.domain.evidence import BeamEvidence, FrameRecord
from gateway.domain.reconciliation import Cause
from gateway.reconcile.attribution import Attribution


def frame_attributions(evidence: BeamEvidence) -> list[Attribution]:
    """Frames missing, repeated or late, each by its number."""
    numbers = [frame.number for frame in evidence.frames]
    faults = (
        ("dropped-frame", missing_frames(numbers, evidence.frames_sent)),
        ("duplicated-frame", repeated_frames(numbers)),
        ("reordered-frame", late_frames(numbers)),
    )
    return [
        Attribution(
            Cause(
                name,
                evidence.beam.number,
                frame=number,
                control_point=_control_point(evidence, number),
            )
        )
        for name, found in faults
        for number in found
    ]


def missing_frames(numbers: Sequence[int], sent: int | None) -> list[int]:
    """Numbers from 1 to the last taken that never came (``sent`` None: the last that came)."""
    last = max(max(numbers, default=0), sent or 0)
    return sorted(set(range(1, last + 1)) - set(numbers))


def repeated_frames(numbers: Sequence[int]) -> list[int]:
    """Numbers that came more than once."""
    return sorted(number for number, count in Counter(numbers).items() if count > 1)


def late_frames(numbers: Sequence[int]) -> list[int]:
    """Numbers that first came after a higher one."""
    late: list[int] = []
    seen: set[int] = set()
    for number in numbers:
        if number not in seen and seen and number < max(seen):
            late.append(number)
        seen.add(number)
    return late


def _control_point(evidence: BeamEvidence, number: int) -> int | None:
    """The plan control point at which frame ``number`` ended, as far as is known."""
    frame = _nearest(evidence.frames, number)
    if frame is None:
        return None
    planned = evidence.planned
    reached = int((planned.meterset_mu <= frame.end_meterset_mu).sum()) - 1
    return int(planned.control_point[max(reached, 0)])


def _nearest(frames: Sequence[FrameRecord], number: int) -> FrameRecord | None:
    return min(frames, key=lambda frame: abs(frame.number - number), default=None)
