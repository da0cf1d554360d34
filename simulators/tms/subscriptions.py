"""Who is told about which Unified Procedure Steps, and who locks them (PS3.4 CC.2.3)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydicom import Dataset

from simulators.tms.matching import matches


@dataclass(frozen=True, slots=True)
class Standing:
    """A global subscription: steps that are created and match ``keys`` are subscribed."""

    lock: bool
    keys: Dataset = field(default_factory=Dataset)


class Subscriptions:
    """Subscriptions by instance, and the global ones. AE titles are the subscribers."""

    def __init__(self) -> None:
        self._by_step: defaultdict[str, dict[str, bool]] = defaultdict(dict)
        self._standing: dict[str, Standing] = {}

    def listeners(self, uid: str) -> tuple[str, ...]:
        """Who is told about a step."""
        return tuple(self._by_step.get(uid, {}))

    def lockers(self, uid: str) -> tuple[str, ...]:
        """Whose deletion locks keep a step."""
        return tuple(ae for ae, lock in self._by_step.get(uid, {}).items() if lock)

    def global_listeners(self) -> tuple[str, ...]:
        """Who subscribed globally, filtered or not."""
        return tuple(self._standing)

    def subscribe(self, uid: str, receiver: str, *, lock: bool) -> None:
        """To one step; the newest request says whether it is locked."""
        self._by_step[uid][receiver] = lock

    def unsubscribe(self, uid: str, receiver: str) -> None:
        """From one step, with its lock."""
        self._by_step[uid].pop(receiver, None)

    def subscribe_globally(
        self, receiver: str, standing: Standing, steps: Iterable[tuple[str, Dataset]]
    ) -> list[str]:
        """To the steps there are, and those to come; returns the UIDs of the former."""
        self._standing[receiver] = standing
        found = [uid for uid, step in steps if matches(standing.keys, step)]
        for uid in found:
            self.subscribe(uid, receiver, lock=standing.lock)
        return found

    def unsubscribe_globally(self, receiver: str) -> None:
        """From all steps, with their locks."""
        self._standing.pop(receiver, None)
        for listeners in self._by_step.values():
            listeners.pop(receiver, None)

    def suspend(self, receiver: str) -> None:
        """No subscriptions to steps to come; those that are stay (CC.2.3.3)."""
        self._standing.pop(receiver, None)

    def follow(self, uid: str, step: Dataset) -> None:
        """A step was created."""
        for receiver, standing in self._standing.items():
            if matches(standing.keys, step):
                self.subscribe(uid, receiver, lock=standing.lock)

    def forget(self, uid: str) -> None:
        """A step is gone."""
        self._by_step.pop(uid, None)
