"""Associations of pynetdicom that survive being ended by one thread while another uses them."""

from pynetdicom.association import Association
from pynetdicom.fsm import TRANSITION_TABLE, StateMachine

OWN_REQUESTS = frozenset({"Evt9", "Evt11", "Evt14", "Evt15"})
"""Data, release, its confirmation and abort, wanted by this side (PS3.8 table 9-10)."""


class States(StateMachine):
    """What this side asks for once it is too late goes nowhere; the thread would die of it."""

    def do_action(self, event: str) -> None:
        """Take an event."""
        if event in OWN_REQUESTS and (event, self.current_state) not in TRANSITION_TABLE:
            self.dul.to_provider_queue.get(block=False)
        else:
            super().do_action(event)


def made_lasting(association: Association) -> None:
    """Of one that has not begun. Who waits for it to pause waits no longer than it lives."""
    association.dul.state_machine = States(association.dul)
    run = association.run

    def run_and_pause() -> None:
        try:
            run()
        finally:
            association._is_paused = True  # noqa: SLF001 - it has no other seam

    association.run = run_and_pause  # type: ignore[method-assign]
