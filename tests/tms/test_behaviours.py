"""What a simulated system does wrong when it is told to, and that it stops when told so."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import generate_uid

from simulators.tms.behaviour import (
    At,
    Behaviour,
    CancelsStep,
    Deaf,
    Dies,
    DiesAnswering,
    Manners,
    Mute,
    Rejects,
    RejectsAssociations,
    Slow,
)
from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from simulators.tms.uids import STUDY_ROOT_FIND, STUDY_ROOT_MOVE, UPS_PULL, UPS_PUSH, UPS_WATCH
from tests.tms.builders import claim, plan_file, progress, record
from tests.tms.gateway import TITLE, WITHIN_S, Listener, calling


def echo(manager: TreatmentManager, reply_s: float = WITHIN_S) -> int | None:
    """The status of an echo, None without an association or an answer."""
    with calling(manager.port, reply_s=reply_s) as association:
        if not association.is_established:
            return None
        status = association.send_c_echo()
        return int(status.Status) if "Status" in status else None


@given(
    st.integers(1, 5),
    st.integers(0, 5),
    st.lists(st.sampled_from(["N-SET", "C-ECHO"]), max_size=15),
)
def test_a_behaviour_counts_its_requests(first: int, count: int, requests: list[str]) -> None:
    manners = Manners([Rejects(0x0110, At("N-SET", first=first, count=count))])
    met = [bool(manners.at(dimse, "1.2")) for dimse in requests]
    nth = 0
    for dimse, meets in zip(requests, met, strict=True):
        nth += dimse == "N-SET"
        inside = nth >= first and (count == 0 or nth < first + count)
        assert meets is (dimse == "N-SET" and inside)


def test_a_behaviour_is_about_a_class() -> None:
    manners = Manners([Rejects(0x0110, At("C-STORE", "1.2.3"))])
    assert manners.at("C-STORE", "1.2.4") == ()
    assert len(manners.at("C-STORE", "1.2.3")) == 1


def test_rejecting_a_storage_until_it_is_told_otherwise(manager: TreatmentManager) -> None:
    mine = record()
    manager.behave(Rejects(0xA700, At("C-STORE", count=1)))
    with calling(manager.port, "OST") as association:
        assert association.send_c_store(mine).Status == 0xA700
        assert manager.objects.all() == ()
        assert association.send_c_store(mine).Status == 0x0000
        manager.behave(Rejects(0xC000, At("C-STORE")))
        assert association.send_c_store(mine).Status == 0xC000
        manager.behave()
        assert association.send_c_store(mine).Status == 0x0000


def test_rejecting_any_service(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    manager.behave(Rejects(0x0110))
    keys = item(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    with calling(manager.port, "OST") as association:
        action, _ = association.send_n_action(
            claim(generate_uid()), 1, UPS_PUSH, uid, meta_uid=UPS_PULL
        )
        assert action.Status == 0x0110
        found = list(association.send_c_find(keys, STUDY_ROOT_FIND))
        assert [status.Status for status, _ in found] == [0x0110]
        moved = list(association.send_c_move(keys, TITLE, STUDY_ROOT_MOVE))
        assert [status.Status for status, _ in moved] == [0x0110]
        unknown = list(association.send_c_move(keys, "NOBODY", STUDY_ROOT_MOVE))
        assert [status.Status for status, _ in unknown] == [0xA801]
    assert manager.item(uid).state == "SCHEDULED"
    assert listener.stored == []


def test_dying_at_the_second_update_and_coming_back(
    manager: TreatmentManager, tmp_path: Path
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    transaction = generate_uid()
    manager.behave(Dies(At("N-SET", first=2)))
    with calling(manager.port) as association:
        association.send_n_action(claim(transaction), 1, UPS_PUSH, uid, meta_uid=UPS_PULL)
        update = progress(10, transaction)
        answered, _ = association.send_n_set(update, UPS_PUSH, uid, meta_uid=UPS_PULL)
        assert answered.Status == 0x0000
        lost, _ = association.send_n_set(
            progress(20, transaction), UPS_PUSH, uid, meta_uid=UPS_PULL
        )
        assert "Status" not in lost
        association.join(WITHIN_S)
        assert association.is_aborted
    assert echo(manager) is None
    manager.behave()
    assert echo(manager) == 0x0000
    step = manager.item(uid)
    assert step.state == "IN PROGRESS"
    assert step.dataset.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 10


def test_dying_of_an_answer(manager: TreatmentManager, tmp_path: Path) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    transaction = generate_uid()
    manager.behave(DiesAnswering(At("N-ACTION")))
    with calling(manager.port) as association:
        lost, _ = association.send_n_action(claim(transaction), 1, UPS_PUSH, uid, meta_uid=UPS_PULL)
        assert "Status" not in lost
    assert echo(manager) is None
    step = manager.item(uid)
    assert (step.state, step.transaction_uid) == ("IN PROGRESS", transaction)


def test_dying_in_a_query(manager: TreatmentManager) -> None:
    manager.hold(record())
    manager.behave(DiesAnswering(At("C-FIND")))
    keys = item(QueryRetrieveLevel="STUDY", StudyInstanceUID="")
    with calling(manager.port, "OST") as association:
        *_, (last, _) = association.send_c_find(keys, STUDY_ROOT_FIND)
    assert "Status" not in last
    assert echo(manager) is None


@pytest.mark.parametrize("behaviour", [Deaf(), Mute(At("C-ECHO")), Mute()])
def test_saying_nothing(manager: TreatmentManager, behaviour: Behaviour) -> None:
    manager.behave(behaviour)
    assert echo(manager, reply_s=0.3) is None
    manager.behave()
    assert echo(manager) == 0x0000


def test_ending_while_somebody_waits(manager: TreatmentManager) -> None:
    manager.behave(Mute())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(echo, manager)
        manager.journal.wait_for(lambda message: message.dimse == "C-ECHO-RQ")
        manager.stop()
        assert waiting.result(WITHIN_S) is None


def test_being_slow(manager: TreatmentManager) -> None:
    manager.behave(Slow(WITHIN_S, At("C-ECHO")))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(echo, manager)
        manager.journal.wait_for(lambda message: message.dimse == "C-ECHO-RQ")
        assert not slow.done()
        manager.behave()
        assert slow.result(WITHIN_S) == 0x0000


def test_rejecting_associations(manager: TreatmentManager) -> None:
    manager.behave(RejectsAssociations())
    with calling(manager.port) as association:
        assert association.is_rejected
    manager.behave()
    assert echo(manager) == 0x0000


def test_cancelling_a_step_half_way(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    manager.behave(CancelsStep(at_progress=50.0, reason="Alarm"))
    transaction = generate_uid()
    watch = item(ReceivingAE=TITLE, DeletionLock="FALSE")
    with calling(manager.port) as association:
        association.send_n_action(watch, 3, UPS_PUSH, uid, meta_uid=UPS_WATCH)
        association.send_n_action(claim(transaction), 1, UPS_PUSH, uid, meta_uid=UPS_PULL)
        for percent in (49.9, 50.0):
            association.send_n_set(progress(percent, transaction), UPS_PUSH, uid, meta_uid=UPS_PULL)
    events = listener.wait_for_events(5)
    assert [event.event_type for event in events] == [1, 1, 3, 3, 2]
    assert events[4].dataset.ReasonForCancellation == "Alarm"
    assert manager.item(uid).state == "IN PROGRESS"


def test_ending_while_somebody_only_connected(manager: TreatmentManager) -> None:
    with socket.create_connection(("127.0.0.1", manager.port), WITHIN_S) as silent:
        assert echo(manager) == 0x0000  # by then the silent one has been accepted
        manager.stop()
        assert silent.recv(1) == b""


def test_nothing_is_left_running() -> None:
    assert not [thread.name for thread in threading.enumerate() if "tms" in thread.name]
