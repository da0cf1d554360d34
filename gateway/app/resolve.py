"""The ``resolve`` command: from an uncertain meterset to a certain one."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gateway.adapters.clock import SystemClock
from gateway.adapters.store import open_store
from gateway.app.evidence import beam_telemetry, stored_plan, stored_program
from gateway.app.finish import finish
from gateway.app.fractions import entries, find_entry
from gateway.app.hosting import (
    device_factory,
    hosted,
    is_in_process,
    links,
    load_drivers,
    make_simulated_room,
    url_openers,
)
from gateway.app.intake import choose_room, find_room
from gateway.app.machine_files import simulator_state
from gateway.app.ordering import different_people
from gateway.delivery.counter import CounterUnknown, believed, count_again
from gateway.delivery.ledger import BeamEntry, DeliveryEntry, fold
from gateway.domain.delivery import CounterReading, DeliveryOutcome
from gateway.domain.errors import Blocked, ConfigError
from gateway.domain.room import Room
from gateway.ports.simulation import SimulatedRoom
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
        if len(different_people(self.by)) < 2:
            raise ConfigError("--meterset is entered by two different people: --by A --by B")
        if not self.reason.strip():
            raise ConfigError("--meterset wants a --reason")


def resolve(
    delivery_id: str, settings: Settings, room_name: str | None, entered: Entered | None
) -> DeliveryEntry:
    """Make the meterset of a delivery certain, then finish its record.

    What is certain already is left as it is; a record that was never finished is finished.
    Raises ConfigError, Blocked when the counter cannot be read or believed, StoreError.
    """
    with closing(open_store(settings.store)) as store:
        entry = find_entry(entries(store), delivery_id, settings)
        uncertain = [beam for beam in entry.beams.values() if not beam.certain]
        if entered is not None and len(uncertain) != 1:
            raise ConfigError(
                f"{len(uncertain)} beams of {delivery_id} have an uncertain meterset; one can be "
                "entered: run resolve without --meterset"
            )
        for beam in uncertain:
            body = (
                _from_counter(store, entry, beam, settings, room_name)
                if entered is None
                else _from_people(entry, beam, entered, _seen_mu(store, entry, beam))
            )
            run(store.append(delivery_id, "counter", body, time.time_ns()), 1.0)
        return _conclude(store, delivery_id, settings)


def _conclude(store: RecordStore, delivery_id: str, settings: Settings) -> DeliveryEntry:
    entry = _entry(store, delivery_id)
    if not entry.ended:
        normal = all(beam.normal for beam in entry.beams.values())
        outcome = DeliveryOutcome.COMPLETE if normal else DeliveryOutcome.TERMINATED
        body: dict[str, Json] = {"outcome": outcome.value, "reason": "resolved afterwards"}
        run(store.append(delivery_id, "end", body, time.time_ns()), 1.0)
        entry = _entry(store, delivery_id)
    if entry.verdict is None:
        finish(store, delivery_id, settings, SystemClock())
    return _entry(store, delivery_id)


def _entry(store: RecordStore, delivery_id: str) -> DeliveryEntry:
    entry = fold(store.events(delivery_id))
    if entry is None:
        raise ConfigError(f"no delivery {delivery_id}; see: linac-gateway history")
    return entry


def _from_people(
    entry: DeliveryEntry, beam: BeamEntry, entered: Entered, seen_mu: float
) -> dict[str, Json]:
    """What people entered; less than the machine had shown would be delivered twice."""
    most_mu = max(beam.planned_mu, seen_mu + entry.mu_per_pulse)
    if not beam.start_meterset_mu <= entered.meterset_mu <= most_mu:
        raise ConfigError(
            f"beam {beam.number} of {entry.delivery_id} began at {beam.start_meterset_mu:.3f} MU "
            f"and was planned to {beam.planned_mu:.3f} MU; {entered.meterset_mu:.3f} is not between"
        )
    if entered.meterset_mu < seen_mu - entry.mu_per_pulse:
        raise ConfigError(
            f"beam {beam.number} of {entry.delivery_id}: the machine had shown {seen_mu:.3f} MU; "
            f"{entered.meterset_mu:.3f} MU would have the difference delivered twice"
        )
    return {
        "beam": beam.number,
        "meterset_mu": entered.meterset_mu,
        "by": list(different_people(entered.by)),
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
    drivers, simulated = load_drivers(room), None
    if is_in_process(room):
        state_dir = simulator_state(settings, room.name)
        simulated = make_simulated_room(room, seed=entry.seed, faults=(), state_dir=state_dir)
    try:
        reading = run(_read_counter(room, entry, beam.number, drivers, simulated), 1.0)
        meterset_mu = believed(
            reading,
            start_mu=beam.start_meterset_mu,
            seen_mu=_seen_mu(store, entry, beam),
            mu_per_pulse=entry.mu_per_pulse,
        )
    except CounterUnknown as error:
        there, then = links(room)["linac"].url, entry.intent["links"]["linac"]
        where = "" if there == then else f" (asked {there}; the beam was delivered over {then})"
        raise Blocked(
            f"{error}{where}; when the machine is back run resolve again, or let two people enter "
            "the meterset: --meterset MU --by A --by B --reason TEXT"
        ) from error
    return {"beam": beam.number, "meterset_mu": meterset_mu, "by": "machine", "reason": ""}


def _seen_mu(store: RecordStore, entry: DeliveryEntry, beam: BeamEntry) -> float:
    """The highest meterset that the machine had shown (MU)."""
    program = stored_program(store, entry.delivery_id, beam.number)
    telemetry = beam_telemetry(store, entry.delivery_id, program)
    return beam.start_meterset_mu if telemetry is None else float(telemetry.meterset_mu.max())


def _room(store: RecordStore, entry: DeliveryEntry, settings: Settings, name: str | None) -> Room:
    if name is None and entry.intent["room_derived"]:
        return choose_room(stored_plan(store, entry), settings, None)[0]
    return find_room(settings, name or entry.room)


async def _read_counter(
    room: Room,
    entry: DeliveryEntry,
    beam_number: int,
    drivers: Mapping[str, Any],
    simulated: SimulatedRoom | None,
) -> CounterReading | None:
    if simulated is None:
        linac = device_factory(room, drivers, url_openers(room))().linac
        return await count_again(linac, entry.token, beam_number, room.bounds)
    async with hosted(simulated) as openers:
        linac = device_factory(room, drivers, openers)().linac
        return await count_again(linac, entry.token, beam_number, room.bounds)
