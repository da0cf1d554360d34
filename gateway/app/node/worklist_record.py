"""The room's record and configuration, as performing the worklist reads them."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.store import open_reader
from gateway.app.check import check_plan
from gateway.app.fractions import entries, remaining_beams
from gateway.app.node.jobs import Outcome
from gateway.app.node.record import outcome_of
from gateway.app.node.worklist_checks import Remainder
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import Blocked
from gateway.domain.findings import Finding
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """Of one room. Every method raises StoreError."""

    settings: Settings
    room: str

    def outcome(self, request_id: str) -> Outcome | None:
        """What became of a request; None while no delivery was begun for it."""
        return outcome_of(self.settings, request_id)

    def remainder(self, plan_uid: str, fraction_group: int, fraction: int) -> Remainder | None:
        """What is left of the fraction's last delivery; None where nothing can be continued."""
        if not (self.settings.store / "record.sqlite").exists():
            return None
        with closing(open_reader(self.settings.store)) as store:
            known = entries(store)
        for entry in reversed(known):
            if _is_of(entry, plan_uid, fraction_group, fraction):
                return self._remainder(entry, known)
        return None

    def findings(self, plan: Path, fraction_group: int) -> Sequence[Finding]:
        """What the room has against delivering a plan. Raises InputError, ConfigError."""
        return check_plan(plan, self.settings, self.room, fraction_group)

    def _remainder(self, entry: DeliveryEntry, known: Sequence[DeliveryEntry]) -> Remainder | None:
        if entry.room != self.room or entry.outcome is not DeliveryOutcome.TERMINATED:
            return None
        try:
            return Remainder(entry.delivery_id, dict(remaining_beams(entry, known)))
        except Blocked:
            return None


def _is_of(entry: DeliveryEntry, plan_uid: str, fraction_group: int, fraction: int) -> bool:
    return (
        entry.plan_uid == plan_uid
        and entry.fraction_group == fraction_group
        and entry.fraction == fraction
    )
