"""The worklist client against the simulated system: what is sent, and what refusals become."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.dicom.sop_classes import UPS_PULL, UPS_PUSH, UPS_WATCH
from gateway.dicom.ups.codes import INTERNAL_VERIFICATION
from gateway.dicom.ups.query import WorklistQuery
from gateway.dicom.ups.statuses import UPS_FAILURES, meaning
from gateway.domain.errors import ConfigError, ConnectFailed, LinkLost
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import Performed, Progress, StepRefused, StepState
from simulators.tms.behaviour import At, Dies, Mute, Rejects
from simulators.tms.config import TmsConfig
from tests.worklist.bench import Bench, bench
from tests.worklist.builders import STATION
from tests.worklist.waiting import until

MINE, OTHERS = "2.25.1", "2.25.2"
SUCCESS = 0x0000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench")) as running:
        yield running


@pytest.fixture
def running(shared: Bench) -> Iterator[Bench]:
    """The bench, with good manners afterwards."""
    yield shared
    shared.tms.behave()


@pytest.fixture
def uid(running: Bench, plan_path: Path) -> str:
    return running.tms.schedule(plan_path, fraction=1)


@pytest.fixture
def claimed(running: Bench, uid: str) -> str:
    running.client.claim(uid, MINE)
    return uid


def performed() -> Performed:
    now_ns = SystemClock().now_ns()
    return Performed(STATION, INTERNAL_VERIFICATION, now_ns, now_ns, ())


def state(running: Bench, uid: str) -> StepState:
    return StepState(running.tms.item(uid).state)


def test_what_is_scheduled_for_this_machine_is_found(running: Bench, uid: str) -> None:
    now_ns = SystemClock().now_ns()
    near = (now_ns - 60 * NS_PER_S, now_ns + 60 * NS_PER_S)
    long_ago = (now_ns - 9000 * NS_PER_S, now_ns - 3600 * NS_PER_S)
    query = WorklistQuery(STATION.value, near, INTERNAL_VERIFICATION)
    (found,) = [item for item in running.client.query(query) if item.sop_instance_uid == uid]
    assert found.stations == (STATION,)
    assert (found.fraction, found.delivery_type) == (1, "TREATMENT")
    assert len(found.inputs) == 2
    for nothing in (
        replace(query, starts_ns=long_ago),
        replace(query, station="OTHER"),
        replace(query, state=StepState.COMPLETED),
        replace(query, sop_instance_uid="2.25.404"),
    ):
        assert running.client.query(nothing) == []


def test_a_step_is_claimed_reported_and_completed(running: Bench, uid: str) -> None:
    client = running.client
    client.claim(uid, MINE)
    assert state(running, uid) is StepState.IN_PROGRESS
    client.tell_progress(uid, MINE, Progress(40.0, 1))
    (told,) = running.tms.item(uid).dataset.ProcedureStepProgressInformationSequence
    assert told.ProcedureStepProgress == 40
    client.tell_performed(uid, MINE, performed())
    client.close(uid, MINE, StepState.COMPLETED)
    assert client.get(uid).state == StepState.COMPLETED
    client.close(uid, MINE, StepState.COMPLETED)  # again: a warning, as PS3.4 wants it


def test_requests_name_push_under_the_contexts_of_pull_and_watch(
    running: Bench, claimed: str
) -> None:
    client = running.client
    client.tell_progress(claimed, MINE, Progress(1.0, 1))
    client.get(claimed)
    client.subscribe(claimed)
    client.unsubscribe(claimed)
    sent = [
        (message.dimse, message.context, message.sop_class_uid)
        for message in running.tms.journal
        if message.direction == "in" and message.instance_uid == claimed
        if message.dimse.startswith("N-") and message.dimse.endswith("RQ")
    ]
    assert sent == [
        ("N-ACTION-RQ", UPS_PULL, UPS_PUSH),
        ("N-SET-RQ", UPS_PULL, UPS_PUSH),
        ("N-GET-RQ", UPS_PULL, UPS_PUSH),
        ("N-ACTION-RQ", UPS_WATCH, UPS_PUSH),
        ("N-ACTION-RQ", UPS_WATCH, UPS_PUSH),
    ]


def test_a_second_claim_is_refused(running: Bench, claimed: str) -> None:
    with pytest.raises(StepRefused, match="another device has claimed it") as refusal:
        running.client.claim(claimed, OTHERS)
    assert refusal.value.status == 0xC302


def test_a_wrong_transaction_uid_is_refused(running: Bench, claimed: str) -> None:
    client = running.client
    for attempt in (
        lambda: client.tell_progress(claimed, OTHERS, Progress(40.0, 1)),
        lambda: client.tell_performed(claimed, OTHERS, performed()),
        lambda: client.close(claimed, OTHERS, StepState.CANCELED),
    ):
        with pytest.raises(StepRefused, match="not that of the claim") as refusal:
            attempt()
        assert refusal.value.status == 0xC301
    assert state(running, claimed) is StepState.IN_PROGRESS


def test_a_step_without_its_final_update_is_not_completed(running: Bench, claimed: str) -> None:
    with pytest.raises(StepRefused, match="requirements of the final state") as refusal:
        running.client.close(claimed, MINE, StepState.COMPLETED)
    assert refusal.value.status == 0xC304


def test_a_step_that_is_not_there_is_refused(running: Bench) -> None:
    with pytest.raises(StepRefused, match="no such step") as refusal:
        running.client.claim("2.25.404", MINE)
    assert refusal.value.status == 0xC307


@pytest.mark.parametrize("status", sorted(UPS_FAILURES))
def test_every_refusal_of_the_service_is_told_in_words(running: Bench, status: int) -> None:
    running.tms.behave(Rejects(status, At("N-ACTION")))
    with pytest.raises(StepRefused) as refusal:
        running.client.claim("2.25.404", MINE)
    assert refusal.value.status == status
    assert UPS_FAILURES[status] in refusal.value.plain
    assert "TMS" in refusal.value.plain
    assert "told to reject" in str(refusal.value)
    assert "told to reject" not in refusal.value.plain


def test_an_unknown_status_is_told_with_its_number() -> None:
    assert meaning(0xC0DE) == "unable to process (0xC0DE)"
    assert meaning(0xFFFF) == "refused (0xFFFF)"


def test_a_query_that_is_refused_is_told(running: Bench) -> None:
    running.tms.behave(Rejects(0xA700, At("C-FIND")))
    with pytest.raises(StepRefused, match="out of resources"):
        running.client.query(WorklistQuery(STATION.value))


def test_events_of_a_step_come_while_it_is_watched(running: Bench, claimed: str) -> None:
    running.want(claimed)
    running.client.subscribe(claimed)
    until(lambda: running.steps.events(claimed, (1,)))
    assert running.steps.events(claimed, (1,))[0].told.state == "IN PROGRESS"
    running.client.tell_progress(claimed, MINE, Progress(40.0, 1))
    until(lambda: running.steps.events(claimed, (3,)))
    assert running.tms.cancel(claimed, "wrong day") == SUCCESS
    until(lambda: running.steps.cancellation(claimed))
    assert running.steps.cancellation(claimed) == "cancellation was requested by TMS: wrong day"
    running.client.unsubscribe(claimed)
    assert running.tms.cancel(claimed, "wrong day") == 0xC312


def test_a_manager_that_dies_or_says_nothing_is_lost(running: Bench, claimed: str) -> None:
    running.tms.behave(Dies(At("N-SET")))
    with pytest.raises(LinkLost, match="TMS"):
        running.client.tell_progress(claimed, MINE, Progress(1.0, 1))
    running.tms.behave(Mute(At("N-SET")))
    impatient = replace(running.client, reply_s=0.2)
    with pytest.raises(LinkLost, match="gave no answer to the progress"):
        impatient.tell_progress(claimed, MINE, Progress(1.0, 1))


def test_whom_nobody_can_call_is_told(running: Bench) -> None:
    client = running.client
    with pytest.raises(ConfigError, match="has no port"):
        replace(client, manager=replace(client.manager, port=0)).get("1.2.3")
    with pytest.raises(ConnectFailed, match="rejected the association permanently"):
        replace(client, manager=replace(client.manager, ae_title="NOBODY")).get("1.2.3")


def test_a_peer_without_a_worklist_is_told(tmp_path: Path) -> None:
    with bench(tmp_path, config=TmsConfig(ae_title="TMS")) as running:
        own = replace(running.client.manager, port=running.port)
        with pytest.raises(ConnectFailed, match="SOP class not supported"):
            replace(running.client, manager=own).get("1.2.3")
