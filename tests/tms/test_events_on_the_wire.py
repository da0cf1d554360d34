"""Subscriptions over associations, and the events that they bring."""

from pathlib import Path

from pydicom.uid import generate_uid

from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from simulators.tms.uids import (
    UPS_EVENT,
    UPS_FILTERED_GLOBAL,
    UPS_GLOBAL,
)
from tests.tms.asking import PUSH, WATCH, act, find, update
from tests.tms.builders import claim, plan_file, progress, step
from tests.tms.gateway import TITLE, Listener, calling


def test_subscribers_are_told_on_an_association_of_the_manager(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    first = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    transaction = generate_uid()
    with calling(manager.port) as association:
        watch = item(ReceivingAE=TITLE, DeletionLock="TRUE")
        assert act(association, 3, first, watch, WATCH).Status == 0x0000
        stranger = item(ReceivingAE="STRANGER", DeletionLock="TRUE")
        assert act(association, 3, first, stranger, WATCH).Status == 0xC308
        assert act(association, 3, "1.2.3.4", watch, WATCH).Status == 0xC307
        assert act(association, 5, first, watch, WATCH).Status == 0xC314
        assert act(association, 1, first, claim(transaction)).Status == 0x0000
        assert update(association, first, progress(50, transaction)) == 0x0000
        assert manager.cancel(first, "Alarm") == 0x0000
        events = listener.wait_for_events(4)
        assert act(association, 4, first, watch, WATCH).Status == 0x0000
        assert manager.cancel(first, "Alarm") == 0xC312
    assert [event.event_type for event in events] == [1, 1, 3, 2]
    assert {(event.sop_class, event.context) for event in events} == {(PUSH, UPS_EVENT)}
    assert {event.instance for event in events} == {first}
    states = [event.dataset.get("ProcedureStepState") for event in events]
    assert states == ["SCHEDULED", "IN PROGRESS", None, None]
    assert events[3].dataset.RequestingAE == "TMS"
    assert events[3].dataset.ReasonForCancellation == "Alarm"


def test_global_subscriptions_cover_steps_to_come(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    first = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    watch = item(ReceivingAE=TITLE, DeletionLock="FALSE")
    with calling(manager.port) as association:
        assert act(association, 3, UPS_GLOBAL, watch, WATCH).Status == 0x0000
        listener.wait_for_events(1)
        second = manager.schedule(plan_file(tmp_path, 100.0), fraction=2)
        events = listener.wait_for_events(3)
        assert act(association, 5, UPS_GLOBAL, watch, WATCH).Status == 0x0000
        manager.schedule(plan_file(tmp_path, 100.0), fraction=3)
        assert manager.cancel(second, "Alarm") == 0x0000
        events = listener.wait_for_events(5)
    assert [(event.instance, event.event_type) for event in events] == [
        (first, 1),
        (second, 1),
        (second, 5),
        (second, 1),
        (second, 1),
    ]


def test_filtered_subscriptions_cover_what_matches(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    watch = item(ReceivingAE=TITLE, DeletionLock="FALSE", ScheduledProcedureStepPriority="HIGH")
    uids = [generate_uid(), generate_uid()]
    with calling(manager.port) as association:
        assert act(association, 3, UPS_FILTERED_GLOBAL, watch, WATCH).Status == 0x0000
        for uid, priority in zip(uids, ("LOW", "HIGH"), strict=True):
            urgent = step(ScheduledProcedureStepPriority=priority)
            assert association.send_n_create(urgent, PUSH, uid)[0].Status == 0x0000
        events = listener.wait_for_events(2)
    assert {event.instance for event in events} == {uids[1]}


def test_a_restart_is_told_and_nothing_is_forgotten(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    watch = item(ReceivingAE=TITLE, DeletionLock="FALSE")
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    with calling(manager.port) as association:
        assert act(association, 3, UPS_GLOBAL, watch, WATCH).Status == 0x0000
        listener.wait_for_events(1)
    port = manager.port
    manager.stop()
    assert manager.start() == port
    events = listener.wait_for_events(2)
    assert (events[1].event_type, events[1].instance) == (4, UPS_GLOBAL)
    assert events[1].dataset.SCPStatus == "RESTARTED"
    with calling(port) as association:
        assert [each.SOPInstanceUID for each in find(association, item(SOPInstanceUID=""))] == [uid]


def test_the_end_does_not_wait_for_a_receiver(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    listener.answering.clear()
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    manager.worklist.subscribe(uid, item(ReceivingAE=TITLE, DeletionLock="FALSE"))
    listener.wait_for_events(1)
    manager.stop()
    assert not listener.answering.is_set()
    assert manager.journal.of("N-EVENT-REPORT-RSP") == ()
