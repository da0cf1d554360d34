"""The ``resolve`` command: from an uncertain meterset to a certain one."""

import time
from contextlib import closing
from dataclasses import dataclass

from gateway.adapters.clock import SystemClock
from gateway.adapters.store import open_store
from gateway.app.carry_out import simulator_state
from gateway.app.deliver import find_entry
from gateway.app.evidence import stored_plan
from gateway.app.finish import Finishing, finish, no_frames
from gateway.app.fractions import entries
from gateway.app.hosting import (
    device_factory,
    hosted,
    is_in_process,
    make_simulated_room,
    url_openers,
)
from gateway.app.intake import choose_room, find_room
from gateway.delivery.counter import CounterUnknown, count_again
from gateway.delivery.ledger import BeamEntry, DeliveryEntry, fold
from gateway.domain.delivery import CounterReading, DeliveryOutcome
from gateway.domain.errors import Blocked, ConfigError
from gateway.domain.room import Room
from gateway.ports.store import Json, RecordStore
from gateway.settings import Settings
from gateway.timeloop import run


@dataclass(frozen=True, slots=True)
class Entered:
    """A meterset that two people answer for: the beam's cumulative MU, and why it is right."""

    meterset_mu: float
    by: tuple[str, ...]
    reason: str

    def __post_init__(self) -> None:
        """Refuse what would not be an answer. Raises ConfigError."""
        if len(set(self.by)) < 2:
            raise ConfigError("--meterset is entered by two different people: --by A --by B")
        if not self.reason.strip():
            raise ConfigError("--meterset wants a --reason")


def resolve(
    delivery_id: str, settings: Settings, room_name: str | None, entered: Entered | None
) -> DeliveryEntry:
    """Make the meterset of a delivery certain, then finish its record.

    A delivery that is certain already is left as it is. Raises ConfigError, Blocked when the
    counter cannot be read, StoreError.
    """
    with closing(open_store(settings.store)) as store:
        entry = find_entry(entries(store), delivery_id, settings)
        if entry.outcome is not DeliveryOutcome.UNRESOLVED:
            return entry
        for beam in [beam for beam in entry.beams.values() if not beam.certain]:
            body = (
                _from_counter(store, entry, beam, settings, room_name)
                if entered is None
                else _from_people(entry, beam, entered)
            )
            run(store.append(delivery_id, "counter", body, time.time_ns()), 1.0)
        return _conclude(store, entry, settings)


def _conclude(store: RecordStore, entry: DeliveryEntry, settings: Settings) -> DeliveryEntry:
    delivery_id = entry.delivery_id
    if not entry.ended:
        body: dict[str, Json] = {"outcome": "terminated", "reason": "resolved afterwards"}
        run(store.append(delivery_id, "end", body, time.time_ns()), 1.0)
    if (store.directory(delivery_id) / "plan.dcm").exists():
        finishing = Finishing(settings, no_frames, SystemClock())
        run(finish(store, delivery_id, finishing, None), 1.0)
    resolved = fold(store.events(delivery_id))
    return entry if resolved is None else resolved


def _from_people(entry: DeliveryEntry, beam: BeamEntry, entered: Entered) -> dict[str, Json]:
    if not beam.start_meterset_mu <= entered.meterset_mu <= beam.planned_mu:
        raise ConfigError(
            f"beam {beam.number} of {entry.delivery_id} began at {beam.start_meterset_mu:.3f} MU "
            f"and was planned to {beam.planned_mu:.3f} MU; {entered.meterset_mu:.3f} is not between"
        )
    return {
        "beam": beam.number,
        "meterset_mu": entered.meterset_mu,
        "by": list(entered.by),
        "reason": entered.reason,
    }


def _from_counter(
    store: RecordStore,
    entry: DeliveryEntry,
    beam: BeamEntry,
    settings: Settings,
    room_name: str | None,
) -> dict[str, Json]:
    room = _room(store, entry, settings, room_name)
    try:
        reading = run(_read(room, entry, beam.number, settings), 1.0)
    except CounterUnknown as error:
        raise Blocked(
            f"{error}; when the machine is back run resolve again, or let two people enter the "
            "meterset: --meterset MU --by A --by B --reason TEXT"
        ) from error
    meterset_mu = beam.start_meterset_mu if reading is None else reading.meterset_mu
    return {"beam": beam.number, "meterset_mu": meterset_mu, "by": "machine"}


def _room(store: RecordStore, entry: DeliveryEntry, settings: Settings, name: str | None) -> Room:
    if name is None and entry.intent["room_derived"]:
        return choose_room(stored_plan(store, entry), settings, None)[0]
    return find_room(settings, name or entry.room)


async def _read(
    room: Room, entry: DeliveryEntry, beam_number: int, settings: Settings
) -> CounterReading | None:
    if not is_in_process(room):
        linac = device_factory(room, url_openers(room))().linac
        return await count_again(linac, entry.token, beam_number, room.bounds)
    simulated = make_simulated_room(
        room, seed=entry.seed, faults=(), state_dir=simulator_state(settings, room.name)
    )
    async with hosted(simulated) as openers:
        linac = device_factory(room, openers)().linac
        return await count_again(linac, entry.token, beam_number, room.bounds)
