"""A gateway killed between any two events of a delivery: what is left is sound and is finished."""

import asyncio
import shutil
from contextlib import closing
from pathlib import Path

import pydicom
import pytest

from gateway.adapters.store import open_reader, open_store
from gateway.app.deliver import continue_delivery, deliver
from gateway.app.evidence import stored_program
from gateway.app.fractions import entries
from gateway.app.records import history, reconcile_again, show, verify
from gateway.app.request import Request
from gateway.app.resolve import Entered, resolve
from gateway.delivery.ledger import DeliveryEntry, fold, fraction_state
from gateway.domain.errors import Blocked
from gateway.domain.findings import has_errors
from gateway.ports.store import StoredEvent
from gateway.settings import Settings
from tests.e2e.deliveries import delivered, generated, settings, unseen

PLAN = "step-and-shoot"
RESULTS = ("image_beam_1.dcm", "treatment_record.dcm")
DECISIVE = ("intent", "beam-intent", "armed", "beam-on", "beam-end", "end", "verdict")
"""Events that something is decided by; after others it stands as after the one before. Files of
the results are decisive too: one may be there without the next."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan and a store of one delivery of it, two beams."""
    folder = tmp_path_factory.mktemp("whole")
    delivered(folder, generated(folder, PLAN), beams=(1, 2))
    return folder


@pytest.fixture(scope="module")
def events(whole: Path) -> list[StoredEvent]:
    ours = settings(whole)
    (row,) = history(ours)
    with closing(open_reader(ours.store)) as store:
        return list(store.events(row["delivery_id"]))


def cut_off(whole: Path, folder: Path, events: list[StoredEvent]) -> Settings:
    """A store that ends after ``events``, beside the simulated machine as it stands at the end."""
    ours = settings(folder)
    files = settings(whole).store / "deliveries" / events[0].delivery_id
    shutil.copytree(settings(whole).store / "simulators", ours.store / "simulators")

    async def write() -> None:
        for event in events:
            if event.kind == "file":
                name = str(event.body["name"])
                content = await asyncio.to_thread((files / name).read_bytes)
                await store.keep_file(event.delivery_id, name, content, event.at_ns)
            elif event.kind != "samples":
                await store.append(event.delivery_id, event.kind, event.body, event.at_ns)

    with closing(open_store(ours.store)) as store:
        asyncio.run(write())
    return ours


def test_every_prefix_is_resolved_continued_and_adds_up(
    whole: Path, events: list[StoredEvent], tmp_path: Path
) -> None:
    plan, name = whole / f"{PLAN}-truebeam-m120-1.dcm", events[0].delivery_id
    first = 1 + next(i for i, event in enumerate(events) if event.kind == "intent")
    for count in range(first, len(events) + 1):
        last = events[count - 1]
        if last.kind not in DECISIVE and last.body.get("name") not in RESULTS:
            continue
        ours = cut_off(whole, tmp_path / str(count), events[:count])
        assert not has_errors(verify(ours, name))
        (row,) = history(ours)
        if row["state"] == "unresolved":
            with pytest.raises(Blocked, match="resolve"):
                deliver(Request(plan=plan), ours, unseen)
        entry = resolve(name, ours, None, None)
        assert entry.verdict is not None
        assert entry.ended
        if row["state"] != "complete":
            finish_fraction(plan, name, ours)
        assert delivered_mu(ours) == pytest.approx({1: 90.0, 2: 90.0}, abs=0.03)
        for row in history(ours):
            assert not has_errors(verify(ours, row["delivery_id"]))
            summary, _ = reconcile_again(ours, row["delivery_id"])
            assert summary["verdict"] == row["verdict"]


def finish_fraction(plan: Path, name: str, ours: Settings) -> None:
    """Deliver what remains of beams 1 and 2, as a person would."""
    known = entries_of(ours)
    state = fraction_state(known, known[0].plan_uid, 1, 1)
    if all(state.complete(number, 90.0) for number in (1, 2)):
        with pytest.raises(Blocked, match="nothing remains"):
            continue_delivery(name, Request(seed=5), ours, unseen)
    else:
        assert continue_delivery(name, Request(seed=5), ours, unseen).summary["verdict"] == "pass"


def entries_of(ours: Settings) -> list[DeliveryEntry]:
    with closing(open_reader(ours.store)) as store:
        return entries(store)


def delivered_mu(ours: Settings) -> dict[int, float]:
    """Meterset by beam, summed over the treatment records of all deliveries."""
    total: dict[int, float] = {}
    for row in history(ours):
        record = Path(show(ours, row["delivery_id"])["folder"]) / "treatment_record.dcm"
        if record.exists():
            for beam in pydicom.dcmread(record).TreatmentSessionBeamSequence:
                number = int(beam.ReferencedBeamNumber)
                more = float(beam.DeliveredPrimaryMeterset)
                total[number] = total.get(number, 0.0) + more
    return total


def test_before_its_intent_a_delivery_is_none(
    whole: Path, events: list[StoredEvent], tmp_path: Path
) -> None:
    ours = cut_off(whole, tmp_path, [event for event in events[:2] if event.kind == "file"])
    assert fold(events[:2]) is None
    assert history(ours) == []


def test_the_counter_of_another_room_resolves_nothing(
    whole: Path, events: list[StoredEvent], tmp_path: Path
) -> None:
    on = 1 + next(i for i, event in enumerate(events) if event.kind == "beam-on")
    ours, name = cut_off(whole, tmp_path, events[:on]), events[0].delivery_id
    with pytest.raises(Blocked, match="knows nothing of this beam"):
        resolve(name, ours, "truebeam-hd120", None)
    (row,) = history(ours)
    assert row["state"] == "unresolved"
    entered = Entered(30.0, ("one", "two"), "read from the console")
    assert resolve(name, ours, None, entered).beams[1].end_meterset_mu == 30.0
    summary, _ = reconcile_again(ours, name)
    assert (
        "entered by one and two: read from the console" in summary["beams"][0]["termination_reason"]
    )


def test_a_program_is_kept_before_anything_moves(whole: Path, events: list[StoredEvent]) -> None:
    with closing(open_reader(settings(whole).store)) as store:
        assert stored_program(store, events[0].delivery_id, 2).beam_number == 2
