"""The controller's states in one table, and why it may not beam.

Invariants: BEAM_ON is entered from PREPARED or HELD only; a beam that is COMPLETE, TERMINATED or
in FAULT never beams again; FAULT has no way out but a restart; TERMINATE ends every state that has
a program.
"""

from collections.abc import Mapping
from enum import Enum, IntEnum, IntFlag, auto


class State(IntEnum):
    """The controller's state, by its wire code."""

    IDLE = 0
    LOADED = 1
    PREPARING = 2
    PREPARED = 3
    BEAM_ON = 4
    HELD = 5
    COMPLETE = 6
    TERMINATED = 7
    FAULT = 8


class Interlock(IntFlag):
    """What stands against the beam, by its wire bit."""

    NONE = 0
    DOOR = 1
    EMERGENCY_STOP = 2
    POSITION = 4
    DEAD_MAN = 8
    DOSE_RATE = 16
    METERSET = 32
    MODE = 64
    OPERATOR_HOLD = 128
    HARDWARE = 256


class Cue(Enum):
    """What moves the controller from state to state."""

    LOAD = auto()
    PREPARE = auto()
    READY = auto()
    BEAM = auto()
    HOLD = auto()
    RELEASE = auto()
    FINISH = auto()
    TERMINATE = auto()
    FAIL = auto()
    UNLOAD = auto()


WITH_PROGRAM = frozenset(State) - {State.IDLE, State.FAULT}
SUPERVISED = frozenset({State.PREPARING, State.PREPARED, State.BEAM_ON, State.HELD})
"""Where the dead-man expects heartbeats."""

TABLE: Mapping[tuple[State, Cue], State] = {
    (State.IDLE, Cue.LOAD): State.LOADED,
    (State.LOADED, Cue.LOAD): State.LOADED,
    (State.PREPARED, Cue.LOAD): State.LOADED,
    (State.COMPLETE, Cue.LOAD): State.LOADED,
    (State.TERMINATED, Cue.LOAD): State.LOADED,
    (State.LOADED, Cue.PREPARE): State.PREPARING,
    (State.PREPARING, Cue.READY): State.PREPARED,
    (State.PREPARED, Cue.BEAM): State.BEAM_ON,
    (State.BEAM_ON, Cue.HOLD): State.HELD,
    (State.HELD, Cue.HOLD): State.HELD,
    (State.HELD, Cue.RELEASE): State.BEAM_ON,
    (State.BEAM_ON, Cue.FINISH): State.COMPLETE,
    **{(state, Cue.TERMINATE): State.TERMINATED for state in WITH_PROGRAM},
    **{(state, Cue.FAIL): State.FAULT for state in State},
    **{
        (state, Cue.UNLOAD): State.IDLE
        for state in (
            State.IDLE,
            State.LOADED,
            State.PREPARED,
            State.COMPLETE,
            State.TERMINATED,
        )
    },
}


def allows(state: State, cue: Cue) -> bool:
    """Whether the table has a way."""
    return (state, cue) in TABLE
