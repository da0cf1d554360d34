"""What has been delivered of which fraction: the events of the store, folded. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from gateway.domain.delivery import DeliveryOutcome, TerminationStatus
from gateway.ports.store import Json, StoredEvent

METERSET_RESOLUTION_MU = 1e-6


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


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """One delivery as its events tell it."""

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
    beams: Mapping[int, BeamEntry]
    ended: bool
    verdict: str | None
    files: tuple[str, ...] = ()
    intent: Mapping[str, Json] = field(default_factory=dict)

    @property
    def outcome(self) -> DeliveryOutcome:
        """UNRESOLVED while it has no end or a meterset is uncertain; else how far it came."""
        if not self.ended or not all(beam.certain for beam in self.beams.values()):
            return DeliveryOutcome.UNRESOLVED
        if all(beam.termination_status is TerminationStatus.NORMAL for beam in self.beams.values()):
            return DeliveryOutcome.COMPLETE
        return DeliveryOutcome.TERMINATED


def fold(events: Sequence[StoredEvent]) -> DeliveryEntry | None:
    """The delivery that ``events`` tell of; None when it never came to an intent."""
    entry: DeliveryEntry | None = None
    for event in events:
        if event.kind == "intent":
            entry = _intent(event)
        elif entry is not None:
            entry = _after(entry, event)
    return entry


def _intent(event: StoredEvent) -> DeliveryEntry:
    body = cast("Mapping[str, object]", event.body)
    beams = cast("Sequence[Mapping[str, object]]", body["beams"])
    entries = (
        BeamEntry(
            number=cast("int", beam["number"]),
            name=str(beam["name"]),
            planned_mu=cast("float", beam["planned_mu"]),
            start_meterset_mu=cast("float", beam["start_meterset_mu"]),
            end_meterset_mu=cast("float", beam["start_meterset_mu"]),
        )
        for beam in beams
    )
    return DeliveryEntry(
        delivery_id=event.delivery_id,
        plan_uid=str(body["plan_uid"]),
        plan_label=str(body["plan_label"]),
        fraction_group=cast("int", body["fraction_group"]),
        fraction=cast("int", body["fraction"]),
        room=str(body["room"]),
        seed=cast("int", body["seed"]),
        token=bytes.fromhex(str(body["token"])),
        continues=cast("str | None", body["continues"]),
        started_ns=event.at_ns,
        beams={beam.number: beam for beam in entries},
        ended=False,
        verdict=None,
        intent=event.body,
    )


def _after(entry: DeliveryEntry, event: StoredEvent) -> DeliveryEntry:
    body = cast("Mapping[str, object]", event.body)
    match event.kind:
        case "beam-on" | "beam-end" | "counter":
            return _with_beam(entry, body, _beam_changes(event.kind, body))
        case "end":
            entry = replace(entry, ended=True)
        case "verdict":
            entry = replace(entry, verdict=str(body["verdict"]))
        case "file":
            entry = replace(entry, files=(*entry.files, str(body["name"])))
    return entry


def _beam_changes(kind: str, body: Mapping[str, object]) -> Mapping[str, object]:
    if kind == "beam-on":
        return {"started": True, "end_meterset_mu": None}
    if kind == "counter":
        return {"ended": True, "end_meterset_mu": body["meterset_mu"]}
    return {
        "ended": True,
        "end_meterset_mu": body["end_meterset_mu"],
        "termination_status": TerminationStatus(str(body["termination_status"])),
        "termination_reason": body["termination_reason"],
    }


def _with_beam(
    entry: DeliveryEntry, body: Mapping[str, object], changes: Mapping[str, object]
) -> DeliveryEntry:
    number = cast("int", body["beam"])
    beam = replace(entry.beams[number], **changes)  # type: ignore[arg-type]  # fields by name
    return replace(entry, beams={**entry.beams, number: beam})


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
                    normal = beam.termination_status is TerminationStatus.NORMAL
                    done = beam.planned_mu if normal else beam.end_meterset_mu
                    delivered[beam.number] = max(delivered.get(beam.number, 0.0), done)
    return FractionState(delivered)


def unresolved(entries: Iterable[DeliveryEntry], plan_uid: str) -> DeliveryEntry | None:
    """The delivery of this plan whose meterset is uncertain, if any: it blocks the plan."""
    for entry in entries:
        if entry.plan_uid == plan_uid and entry.outcome is DeliveryOutcome.UNRESOLVED:
            return entry
    return None
