"""Where one beam stands: moved by our commands and by what the machine says, by the table only."""

from collections.abc import Mapping

from gateway.delivery.states import DELIVERY_TABLE, DeliveryEvent, DeliveryState, step
from gateway.domain.delivery import MachineState
from gateway.domain.errors import LocalProtocolError

ENDED = frozenset({DeliveryState.COMPLETE, DeliveryState.TERMINATED, DeliveryState.FAULT})
BEAMING = frozenset({MachineState.BEAM_ON, MachineState.HELD})
_TOLD: Mapping[MachineState, DeliveryEvent] = {
    MachineState.IDLE: DeliveryEvent.TERMINATE,
    MachineState.BEAM_ON: DeliveryEvent.RESUME,
    MachineState.HELD: DeliveryEvent.HOLD,
    MachineState.COMPLETE: DeliveryEvent.COMPLETE,
    MachineState.TERMINATED: DeliveryEvent.TERMINATE,
    MachineState.FAULT: DeliveryEvent.FAULT,
}
"""What a machine's state means for a beam that we believe to be in another."""


class BeamState:
    """The state of a beam, and the only way to another one."""

    def __init__(self) -> None:
        self.now = DeliveryState.IDLE

    @property
    def ended(self) -> bool:
        """Whether the beam has come to its end, well or not."""
        return self.now in ENDED

    def command(self, event: DeliveryEvent) -> None:
        """Something that we do. Raises LocalProtocolError where the table has no entry."""
        self.now = step(DELIVERY_TABLE, self.now, event)

    def follow(self, told: MachineState) -> str | None:
        """Something that the machine says; why it cannot be, where the table has no entry.

        A machine that reports a step of the preparation, or an older beam's end, moves nothing.
        """
        if told not in BEAMING and (self.now is DeliveryState.IDLE or self.ended):
            return None
        if told is MachineState.BEAM_ON and self.now is DeliveryState.BEAM_ON:
            return None
        event = _TOLD.get(told)
        if event is None:
            return None
        try:
            self.command(event)
        except LocalProtocolError:
            return f"the machine says {told.name} while the beam is {self.now}"
        return None
