"""How a beam came to its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.delivery.watch import Action, Trip
from gateway.domain.delivery import MachineState, TerminationStatus

ENDED: Mapping[MachineState, TerminationStatus] = {
    MachineState.COMPLETE: TerminationStatus.NORMAL,
    MachineState.TERMINATED: TerminationStatus.MACHINE,
    MachineState.FAULT: TerminationStatus.MACHINE,
    MachineState.IDLE: TerminationStatus.MACHINE,
}
"""The states in which a machine has ended a beam that was on."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a beam came to its end."""

    status: TerminationStatus
    reason: str


def ending_by(
    state: MachineState, tripped: Mapping[Action, Trip], interlocks: Sequence[str]
) -> Ending:
    """What the machine's ``state`` (one of ENDED) means after these trips and interlocks."""
    terminated, held = tripped.get(Action.TERMINATE), tripped.get(Action.HOLD)
    if terminated is not None:
        return Ending(TerminationStatus.MACHINE, f"{terminated.code}: {terminated.text}")
    if state is MachineState.COMPLETE:
        return Ending(TerminationStatus.NORMAL, "")
    if held is not None:
        return Ending(ENDED[state], f"{held.code}: {held.text}")
    return Ending(ENDED[state], f"the machine ended the beam: {'+'.join(interlocks) or state.name}")
