"""What kind of failure a course of errors looks like."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gateway.domain.units import FloatArray

ONSET = 0.2
"""An error has begun where it is above this share of its worst."""
STILL = 0.3
"""A stuck axis moves less than this share of what it should have moved."""
STEADY = 0.4
"""An offset's errors spread over less than this share of its worst."""

REACH = 0.15
"""mm or degree: three standard deviations of the noise a position may have (0.05)."""


class Signature(StrEnum):
    """The shapes that are told apart."""

    STUCK = "stuck"
    OFFSET = "offset"
    LAG = "lag"
    DRIFT = "drift"
    DEVIATION = "deviation"


@dataclass(frozen=True, slots=True)
class Course:
    """One axis through the judged samples: where it was and where it should have been.

    ``error`` is actual minus expected (wrapped for angles).
    """

    actual: FloatArray
    expected: FloatArray
    error: FloatArray

    @property
    def worst(self) -> int:
        """The sample of the largest error."""
        return int(np.argmax(np.abs(self.error)))

    def onset(self) -> int | None:
        """The last sample before the worst at which there was no error yet; None: always was."""
        quiet = np.abs(self.error[: self.worst]) <= ONSET * abs(self.error[self.worst])
        return int(np.flatnonzero(quiet)[-1]) if quiet.any() else None

    def episode(self) -> slice:
        """From the onset (or the beginning) until the error has fallen to half its worst."""
        onset = self.onset()
        beyond = np.abs(self.error[self.worst :]) < abs(self.error[self.worst]) / 2
        end = self.worst + int(np.argmax(beyond)) if beyond.any() else self.error.size
        return slice(0 if onset is None else onset, max(end, self.worst + 1))


def signature_of(course: Course) -> Signature:
    """The shape of the episode of the worst error.

    Stuck: stands while the plan moves. Offset: the same error all the time it lasts. Lag: behind
    in the direction of motion. Drift: leaves a place it should keep. Else a deviation.
    """
    episode = course.episode()
    worst = abs(float(course.error[course.worst]))
    planned_travel = float(np.ptp(course.expected[episode]))
    if planned_travel > worst / 2 and spread(course.actual[episode]) < STILL * planned_travel:
        return Signature.STUCK
    if _is_steady(course, episode):
        return Signature.OFFSET
    if _trails(course, episode):
        return Signature.LAG
    if course.onset() is not None and planned_travel < worst / 2:
        return Signature.DRIFT
    return Signature.DEVIATION


def trails_from_rest(course: Course) -> bool:
    """Whether the error is behind the motion and was absent before the motion began."""
    return course.onset() is not None and _trails(course, course.episode())


def stopped_at(course: Course, place: FloatArray, knots: FloatArray, plan: FloatArray) -> float:
    """The control point (fractional) at which the plan last stood where a stuck axis stands.

    ``place`` is the control point of each sample of ``course``; ``knots`` and ``plan`` are the
    plan's control points and its positions there. An axis that stopped at a turning point of the
    plan stands, but for noise, where the plan only just came to: REACH makes up for it.
    """
    stands = float(np.median(course.actual[course.episode()]))
    seen = _first_sign(course, stands)
    passed = int(np.searchsorted(knots, place[seen], side="right"))
    until = np.append(knots[:passed], place[seen])
    where = np.append(plan[:passed], course.expected[seen])
    exact = _last_crossing(until, where, stands, 0.0)
    near = _last_crossing(until, where, stands, REACH)
    if exact is not None and (near is None or near - exact < 1):
        return exact
    return float(place[seen]) if near is None else near


def _first_sign(course: Course, stands: float) -> int:
    """The sample at which an axis that stands first shows an error.

    The plan may come by where it stands again and again; only the first time counts.
    """
    moving = np.abs(course.actual[: course.worst + 1] - stands) > 2 * REACH
    start = int(np.flatnonzero(moving)[-1]) + 1 if moving.any() else 0
    shown = np.abs(course.error[start : course.worst + 1]) > 2 * REACH
    return start + int(np.argmax(shown)) if shown.any() else course.worst


def _last_crossing(
    place: FloatArray, position: FloatArray, level: float, reach: float
) -> float | None:
    """Where the polyline last comes to within ``reach`` of ``level``; None if it never does."""
    start, end = position[:-1], position[1:]
    moving = start != end
    inside = (np.minimum(start, end) - reach <= level) & (level <= np.maximum(start, end) + reach)
    hits = np.flatnonzero(moving & inside)
    if hits.size == 0:
        return None
    left = int(hits[-1])
    share = np.clip((level - start[left]) / (end[left] - start[left]), 0.0, 1.0)
    return float(place[left] + share * (place[left + 1] - place[left]))


def first_beyond(error: FloatArray, place: FloatArray, limit: float) -> int:
    """The plan control point (0-based) after which |error| first exceeds ``limit``.

    An error that never does (one that is out in RMS only) begins where it exceeds half its worst.
    """
    size = np.abs(error)
    worst = float(size.max())
    first = int(np.argmax(size > (limit if worst > limit else worst / 2)))
    return int(np.floor(place[first] + 1e-3))


def _is_steady(course: Course, episode: slice) -> bool:
    error = course.error[episode]
    full = np.abs(error) > abs(course.error[course.worst]) / 2
    return spread(error[full]) < STEADY * abs(float(course.error[course.worst]))


def _trails(course: Course, episode: slice) -> bool:
    """Whether the large errors are against the direction of the planned motion."""
    direction = np.sign(np.diff(course.expected, prepend=course.expected[0]))[episode]
    error = course.error[episode]
    telling = (np.abs(error) > abs(course.error[course.worst]) / 2) & (direction != 0)
    if not telling.any():
        return False
    return bool(np.mean(error[telling] * direction[telling] < 0) > 0.9)


def spread(values: FloatArray) -> float:
    """From the 5th to the 95th percentile: noise of single samples does not widen it."""
    if values.size == 0:
        return 0.0
    low, high = np.percentile(values, (5, 95))
    return float(high - low)
