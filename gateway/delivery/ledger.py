"""What has been delivered of which fraction: the events of the store, folded. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.delivery.counter import METERSET_RESOLUTION_MU
from gateway.delivery.event_bodies import (
    BeamBody,
    BeamEndBody,
    CounterBody,
    FileBody,
    IntentBody,
    VerdictBody,
    body,
)
from gateway.domain.delivery import DeliveryOutcome, TerminationStatus
from gateway.ports.store import StoredEvent

INTERRUPTED = "the gateway was lost during the beam"


@dataclass(frozen=True, slots=True)
class BeamEntry:
    """One beam of one delivery. ``end_meterset_mu`` is None while it is not known."""

    number: int
    name: str
    planned_mu: float
    start_meterset_mu: float
    end_meterset_mu: float | None
    started: bool = False
    ended: bool = False
    termination_status: TerminationStatus = TerminationStatus.UNKNOWN
    termination_reason: str = ""

    @property
    def certain(self) -> bool:
        """Whether the delivered meterset is known."""
        return self.end_meterset_mu is not None

    @property
    def normal(self) -> bool:
        """Whether the beam ended as planned."""
        return self.termination_status is TerminationStatus.NORMAL


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """One delivery as its events tell it.

    ``verdict`` is None until everything that belongs to the delivery as it stands is written.
    """

    delivery_id: str
    plan_uid: str
    plan_label: str
    fraction_group: int
    fraction: int
    room: str
    seed: int
    token: bytes
    continues: str | None
    started_ns: int
    mu_per_pulse: float
    beams: Mapping[int, BeamEntry]
    intent: IntentBody
    files: tuple[str, ...] = ()
    ended: bool = False
    verdict: str | None = None

    @property
    def outcome(self) -> DeliveryOutcome:
        """UNRESOLVED while it has no end or a meterset is uncertain; else how far it came."""
        if not self.ended or not all(beam.certain for beam in self.beams.values()):
            return DeliveryOutcome.UNRESOLVED
        if all(beam.normal for beam in self.beams.values()):
            return DeliveryOutcome.COMPLETE
        return DeliveryOutcome.TERMINATED


def fold(events: Sequence[StoredEvent]) -> DeliveryEntry | None:
    """The delivery that ``events`` tell of; None when it never came to an intent."""
    entry: DeliveryEntry | None = None
    files: tuple[str, ...] = ()
    for event in events:
        if event.kind == "intent":
            entry = _intent(event, files)
        elif entry is None and event.kind == "file":
            files = (*files, body(event, FileBody)["name"])
        elif entry is not None:
            entry = _after(entry, event)
    return entry


def _intent(event: StoredEvent, files: tuple[str, ...]) -> DeliveryEntry:
    intent = body(event, IntentBody)
    beams = {
        beam["number"]: BeamEntry(
            number=beam["number"],
            name=beam["name"],
            planned_mu=beam["planned_mu"],
            start_meterset_mu=beam["start_meterset_mu"],
            end_meterset_mu=beam["start_meterset_mu"],
        )
        for beam in intent["beams"]
    }
    return DeliveryEntry(
        delivery_id=event.delivery_id,
        plan_uid=intent["plan_uid"],
        plan_label=intent["plan_label"],
        fraction_group=intent["fraction_group"],
        fraction=intent["fraction"],
        room=intent["room"],
        seed=intent["seed"],
        token=bytes.fromhex(intent["token"]),
        continues=intent["continues"],
        started_ns=event.at_ns,
        mu_per_pulse=intent["mu_per_pulse"],
        beams=beams,
        intent=intent,
        files=files,
    )


def _after(entry: DeliveryEntry, event: StoredEvent) -> DeliveryEntry:
    match event.kind:
        case "beam-on":
            beam = entry.beams[body(event, BeamBody)["beam"]]
            entry = _with_beam(entry, replace(beam, started=True, end_meterset_mu=None))
        case "beam-end":
            entry = _with_beam(entry, _ended(entry, body(event, BeamEndBody)))
        case "counter":
            entry = _with_beam(entry, _counted(entry, body(event, CounterBody)))
        case "end":
            entry = replace(entry, ended=True, verdict=None)
        case "verdict":
            entry = replace(entry, verdict=body(event, VerdictBody)["verdict"])
        case "file":
            entry = replace(entry, files=(*entry.files, body(event, FileBody)["name"]))
    return entry


def _ended(entry: DeliveryEntry, end: BeamEndBody) -> BeamEntry:
    return replace(
        entry.beams[end["beam"]],
        ended=True,
        end_meterset_mu=end["end_meterset_mu"],
        termination_status=TerminationStatus(end["termination_status"]),
        termination_reason=end["termination_reason"],
    )


def _counted(entry: DeliveryEntry, counter: CounterBody) -> BeamEntry:
    beam = entry.beams[counter["beam"]]
    reason = beam.termination_reason or INTERRUPTED
    if not isinstance(counter["by"], str):
        people = " and ".join(counter["by"])
        reason = f"{reason}; meterset entered by {people}: {counter['reason']}"
    return replace(
        beam,
        ended=True,
        end_meterset_mu=counter["meterset_mu"],
        termination_reason=reason,
    )


def _with_beam(entry: DeliveryEntry, beam: BeamEntry) -> DeliveryEntry:
    return replace(entry, beams={**entry.beams, beam.number: beam}, verdict=None)


@dataclass(frozen=True, slots=True)
class FractionState:
    """Cumulative delivered meterset by beam of one fraction, over all its deliveries."""

    delivered_mu: Mapping[int, float]

    def complete(self, beam_number: int, planned_mu: float) -> bool:
        """Whether the whole beam has been delivered."""
        return self.delivered_mu.get(beam_number, 0.0) >= planned_mu - METERSET_RESOLUTION_MU

    def begun(self, beam_number: int) -> bool:
        """Whether any of the beam has been delivered."""
        return self.delivered_mu.get(beam_number, 0.0) > METERSET_RESOLUTION_MU


def fraction_state(
    entries: Iterable[DeliveryEntry], plan_uid: str, fraction_group: int, fraction: int
) -> FractionState:
    """What the deliveries of one fraction add up to."""
    delivered: dict[int, float] = {}
    for entry in entries:
        if (entry.plan_uid, entry.fraction_group, entry.fraction) == (
            plan_uid,
            fraction_group,
            fraction,
        ):
            for beam in entry.beams.values():
                if beam.end_meterset_mu is not None:
                    done = _done_mu(beam, beam.end_meterset_mu, entry.mu_per_pulse)
                    delivered[beam.number] = max(delivered.get(beam.number, 0.0), done)
    return FractionState(delivered)


def _done_mu(beam: BeamEntry, end_mu: float, mu_per_pulse: float) -> float:
    """What lacks less than one pulse of the machine is whole: nothing could deliver the rest."""
    whole = beam.start_meterset_mu < end_mu and beam.planned_mu - end_mu < mu_per_pulse
    return max(beam.planned_mu, end_mu) if beam.normal or whole else end_mu


def unresolved(entries: Iterable[DeliveryEntry], plan_uid: str) -> DeliveryEntry | None:
    """The delivery of this plan whose meterset is uncertain, if any: it blocks the plan."""
    for entry in entries:
        if entry.plan_uid == plan_uid and entry.outcome is DeliveryOutcome.UNRESOLVED:
            return entry
    return None
