"""States of a Unified Procedure Step, and what may change them (PS3.4 CC.1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulators.tms import statuses


class State(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


FINAL = frozenset({State.COMPLETED, State.CANCELED})


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a request: the status it is answered with, and the states that follow."""

    status: int
    becomes: tuple[State, ...] = ()


CHANGES: Mapping[tuple[State, State], Ruling] = {
    (State.SCHEDULED, State.IN_PROGRESS): Ruling(statuses.SUCCESS, (State.IN_PROGRESS,)),
    (State.IN_PROGRESS, State.IN_PROGRESS): Ruling(statuses.ALREADY_IN_PROGRESS),
    (State.COMPLETED, State.IN_PROGRESS): Ruling(statuses.NO_LONGER_UPDATED),
    (State.CANCELED, State.IN_PROGRESS): Ruling(statuses.NO_LONGER_UPDATED),
    (State.SCHEDULED, State.COMPLETED): Ruling(statuses.NOT_IN_PROGRESS),
    (State.IN_PROGRESS, State.COMPLETED): Ruling(statuses.SUCCESS, (State.COMPLETED,)),
    (State.COMPLETED, State.COMPLETED): Ruling(statuses.ALREADY_COMPLETED_AS_ASKED),
    (State.CANCELED, State.COMPLETED): Ruling(statuses.NO_LONGER_UPDATED),
    (State.SCHEDULED, State.CANCELED): Ruling(statuses.NOT_IN_PROGRESS),
    (State.IN_PROGRESS, State.CANCELED): Ruling(statuses.SUCCESS, (State.CANCELED,)),
    (State.COMPLETED, State.CANCELED): Ruling(statuses.NO_LONGER_UPDATED),
    (State.CANCELED, State.CANCELED): Ruling(statuses.ALREADY_CANCELED),
}
"""(state, state that is asked for) with the correct Transaction UID (Table CC.1.1-2)."""


def change(state: State, wanted: str, held: str, given: str, final_state_unmet: str) -> Ruling:
    """Change UPS State (CC.2.1). ``held`` is the Transaction UID of the claim, "" without one.

    A claim brings its own Transaction UID, so any is correct for it; all else has to give the one
    that is held. ``final_state_unmet`` names what the final state that is asked for still lacks.
    """
    if wanted == State.SCHEDULED:
        return Ruling(statuses.ONLY_CREATED_SCHEDULED)
    if wanted not in State.__members__.values():
        return Ruling(statuses.INVALID_ARGUMENT)
    if not given or (held and given != held and wanted != State.IN_PROGRESS):
        return Ruling(statuses.WRONG_TRANSACTION)
    ruling = CHANGES[state, State(wanted)]
    if final_state_unmet and FINAL.intersection(ruling.becomes):
        return Ruling(statuses.FINAL_STATE_UNMET)
    return ruling


def update(state: State, held: str, given: str) -> Ruling:
    """N-SET (CC.2.6): by the scheduler before the claim, then by whoever holds it."""
    if state in FINAL:
        return Ruling(statuses.NO_LONGER_UPDATED)
    if state is State.SCHEDULED:
        return Ruling(statuses.NOT_IN_PROGRESS if given else statuses.SUCCESS)
    return Ruling(statuses.SUCCESS if given == held else statuses.WRONG_TRANSACTION)


CANCEL_REQUESTS: Mapping[State, Ruling] = {
    State.SCHEDULED: Ruling(statuses.SUCCESS, (State.IN_PROGRESS, State.CANCELED)),
    State.IN_PROGRESS: Ruling(statuses.SUCCESS),
    State.COMPLETED: Ruling(statuses.ALREADY_COMPLETED),
    State.CANCELED: Ruling(statuses.ALREADY_CANCELED),
}
"""Request UPS Cancel (CC.2.2.3), of a step whose performer is told."""


def request_cancel(state: State, listeners: int) -> Ruling:
    """Request UPS Cancel (CC.2.2); a performer is reached only where somebody is subscribed."""
    if state is State.IN_PROGRESS and not listeners:
        return Ruling(statuses.PERFORMER_UNREACHABLE)
    return CANCEL_REQUESTS[state]
