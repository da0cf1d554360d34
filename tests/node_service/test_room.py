"""The room's process: every request is carried out once, whatever happens to the process."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.app.node.jobs import Job, Outcome, job_line, job_of
from gateway.app.node.record import UNRESOLVED, outcome_of
from gateway.app.node.room import LOST, MODULE, UNWANTED, RoomProcess
from gateway.domain.worklist import Verification, VerificationStatus
from tests.e2e.deliveries import generated, settings
from tests.node_service.waiting import until

ROOM = "truebeam-m120"
PULSE_MU = 0.028
"""One pulse of that machine: a beam ends within one of its plan. Progress is told now and then."""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return generated(tmp_path, "open-field")


@pytest.fixture
def halcyon_plan(tmp_path: Path) -> Path:
    return generated(tmp_path, "open-field", "halcyon")


@asynccontextmanager
async def room(folder: Path, speed: str) -> AsyncIterator[RoomProcess]:
    ours = settings(folder)
    process = RoomProcess(ROOM, (ours.store, None, speed), partial(outcome_of, ours))
    await process.start()
    try:
        yield process
    finally:
        await process.aclose()


def unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    pass


def test_a_job_survives_its_line() -> None:
    said = Verification(1, VerificationStatus.OVERRIDDEN, ("GantryAngle",))
    job = Job("1", Path("plan.dcm"), "r1", fraction=2, beams=(1, 3), by=("A", "B"), seed=4)
    for one in (job, replace(job, verifications=(said,))):
        assert job_of(json.loads(json.dumps(job_line(one)))) == one


async def test_a_request_is_delivered_once(tmp_path: Path, plan: Path) -> None:
    seen: list[tuple[int, float, float]] = []
    async with room(tmp_path, "inf") as process:
        first = await process.deliver(
            Job("1", plan, "request-1"), lambda *progress: seen.append(progress)
        )
        again = await process.deliver(Job("2", plan, "request-1"), unseen)
        other = await process.deliver(Job("3", plan, "request-2"), unseen)
    assert first.summary is not None
    assert (first.summary["verdict"], first.summary["state"]) == ("pass", "complete")
    assert again == first
    assert other.delivery_id not in {"", first.delivery_id}
    assert other.summary is not None
    assert other.summary["plan"]["fraction"] == 2
    beam, meterset_mu, end_mu = seen[-1]
    assert beam == 1
    assert 0.0 < meterset_mu <= end_mu + PULSE_MU


async def test_what_cannot_be_delivered_is_refused_with_its_reason(
    tmp_path: Path, halcyon_plan: Path
) -> None:
    async with room(tmp_path, "inf") as process:
        outcome = await process.deliver(Job("1", halcyon_plan, "request-1"), unseen)
    assert (outcome.delivered, outcome.again) == (False, False)
    assert "MLCX" in outcome.reason
    assert outcome.summary is not None
    assert outcome.summary["state"] == "refused"


async def test_an_abort_ends_the_beam_and_keeps_the_record(tmp_path: Path, plan: Path) -> None:
    async with room(tmp_path, "1") as process:
        outcome = await process.deliver(Job("1", plan, "request-1"), lambda *_: process.abort())
        process.abort()
        rest = Job("2", plan, "request-2", continues=outcome.delivery_id)
        halted = await process.deliver(rest, lambda *_: process.abort())
    assert outcome.summary is not None
    assert outcome.summary["state"] == "terminated"
    assert outcome.summary["beams"][0]["termination_status"] == "OPERATOR"
    assert halted.delivered


async def test_a_beam_does_not_outlive_those_who_could_stop_it(tmp_path: Path, plan: Path) -> None:
    """The service is killed: the room's input ends, and so does its beam; its record is kept."""
    ours = settings(tmp_path)
    arguments = (str(ours.store), "", ROOM, "1", "")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", MODULE, *arguments), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    job = Job("1", plan, "request-1")
    process.stdin.write(json.dumps(job_line(job)).encode() + b"\n")
    while b"progress" not in (line := await process.stdout.readline()):
        assert line, await process.stderr.read()
    process.stdin.close()
    process.stdout._transport.close()  # type: ignore[attr-defined] - nobody reads any more
    errors = await process.stderr.read()
    assert (await process.wait(), b"Traceback" in errors) == (0, False), errors
    outcome = await asyncio.to_thread(outcome_of, ours, "request-1")
    assert outcome is not None
    assert outcome.finished
    assert outcome.summary is not None
    assert outcome.summary["state"] == "terminated"
    assert outcome.summary["beams"][0]["termination_status"] == "OPERATOR"


async def test_operators_hold_resume_and_abort_the_delivery_that_they_name(
    tmp_path: Path, plan: Path
) -> None:
    ours = settings(tmp_path)
    said: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    async with room(tmp_path, "1") as process:
        process.on_control = lambda answer: said.put_nowait((answer["key"], answer["status"]))
        begun = asyncio.Event()
        job = process.deliver(Job("1", plan, "request-1"), lambda *_: begun.set())
        delivering = asyncio.create_task(job)
        await begun.wait()
        known = await asyncio.to_thread(outcome_of, ours, "request-1")
        assert known is not None
        named = {"key": "a", "do": "hold", "delivery_id": known.delivery_id, "by": ["operator"]}
        await process.control(named | {"delivery_id": "another"})
        assert await said.get() == ("a", "refused")
        for key, do in (("b", "hold"), ("c", "resume"), ("d", "hold"), ("e", "abort")):
            answer = ("", "refused")
            while answer[1] == "refused":  # until the machine has said that it holds
                await process.control(named | {"key": key, "do": do})
                assert await said.get() == (key, "accepted")
                answer = await said.get()
            assert answer == (key, "done")
        outcome = await delivering
        await process.control(named)
        assert await said.get() == ("a", "refused")
    assert outcome.summary is not None
    assert outcome.summary["beams"][0]["termination_reason"] == "aborted by operator"


async def test_an_abort_that_comes_with_the_job_is_not_lost(tmp_path: Path, plan: Path) -> None:
    """It may be there before the room's process has begun to read the plan."""
    said: list[tuple[str, str]] = []
    async with room(tmp_path, "inf") as process:
        process.on_control = lambda answer: said.append((answer["key"], answer["status"]))
        loop = asyncio.get_running_loop()

        def abort(job: Job | None) -> None:
            if job is not None and job.item == "1":
                loop.call_soon(process.abort, "1")

        process.on_job = abort
        outcome = await process.deliver(Job("1", plan, "request-1"), unseen)
        other = await process.deliver(Job("2", plan, "request-2"), unseen)
    assert (outcome.delivered, outcome.again) == (False, False)
    assert "before anything was delivered" in outcome.reason
    assert said == [("abort-1", "done")]
    assert other.delivered


async def test_a_job_that_waits_is_aborted_by_its_name(tmp_path: Path, plan: Path) -> None:
    said: list[tuple[str, str]] = []
    async with room(tmp_path, "1") as process:
        process.on_control = lambda answer: said.append((answer["key"], answer["status"]))
        begun = asyncio.Event()
        first = asyncio.create_task(
            process.deliver(Job("1", plan, "request-1"), lambda *_: begun.set())
        )
        await begun.wait()
        second = asyncio.create_task(process.deliver(Job("2", plan, "request-2"), unseen))
        await asyncio.sleep(0)
        await process.control({"key": "a", "do": "abort", "delivery_id": "2", "by": ["operator"]})
        assert said == [("a", "done")]
        process.abort("2")
        await process.control({"key": "b", "do": "abort", "delivery_id": "1", "by": ["operator"]})
        assert (await second).reason == UNWANTED
        outcome = await first
        assert not process.wanted
    assert outcome.summary is not None
    assert outcome.summary["beams"][0]["termination_reason"] == "aborted by operator"
    assert said[1:] == [("b", "accepted"), ("b", "done")]


async def test_a_plan_that_is_not_the_one_that_was_armed_is_refused(
    tmp_path: Path, plan: Path
) -> None:
    armed = hashlib.sha256(await asyncio.to_thread(plan.read_bytes)).hexdigest()
    async with room(tmp_path, "inf") as process:
        job = Job("1", plan, "request-1", plan_sha256="0" * 64)
        altered = await process.deliver(job, unseen)
        same = await process.deliver(replace(job, plan_sha256=armed), unseen)
    assert (altered.delivered, altered.again) == (False, False)
    assert altered.reason == "the plan's file is not the one that was armed"
    assert same.delivered


async def test_an_answer_belongs_to_its_job(tmp_path: Path, plan: Path) -> None:
    """Whoever asked for the first no longer waits; the room delivers it all the same."""
    ours = settings(tmp_path)
    async with room(tmp_path, "inf") as process:
        taken_up = asyncio.Event()
        process.on_job = lambda job: taken_up.set() if job is not None else None
        first = asyncio.create_task(process.deliver(Job("1", plan, "request-1"), unseen))
        await taken_up.wait()
        await asyncio.sleep(0)
        first.cancel()
        second = await process.deliver(Job("2", plan, "request-2"), unseen)
        assert second.summary is not None
        assert second == await asyncio.to_thread(outcome_of, ours, "request-2")
    assert second.delivered


async def test_a_process_that_is_lost_while_nothing_is_delivered_is_there_again(
    tmp_path: Path, plan: Path
) -> None:
    async with room(tmp_path, "inf") as process:
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: process.starts == 2)
        assert (await process.deliver(Job("1", plan, "request-1"), unseen)).delivered


async def test_a_lost_process_is_replaced_and_its_job_is_not_repeated(
    tmp_path: Path, plan: Path
) -> None:
    killed: list[int] = []

    async with room(tmp_path, "1") as process:

        def kill(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
            child = process.pid
            if child not in killed:
                killed.append(child)
                os.kill(child, signal.SIGKILL)

        lost = await process.deliver(Job("1", plan, "request-1"), kill)
        again = await process.deliver(Job("2", plan, "request-1"), unseen)
        blocked = await process.deliver(Job("3", plan, "request-2"), unseen)
    assert len(killed) == 1
    assert (lost.delivered, lost.reason) == (True, UNRESOLVED)
    assert again == lost
    assert not lost.finished
    assert (blocked.delivered, blocked.again) == (False, True)
    assert "unresolved" in blocked.reason


async def test_a_process_lost_before_the_beam_delivered_nothing(tmp_path: Path, plan: Path) -> None:
    ours = settings(tmp_path)
    dying: list[RoomProcess] = []

    def kill_and_look(request_id: str) -> Outcome | None:
        if dying:
            os.kill(dying.pop().pid, signal.SIGKILL)
        return outcome_of(ours, request_id)

    process = RoomProcess(ROOM, (ours.store, None, "inf"), kill_and_look)
    await process.start()
    dying.append(process)
    lost = await process.deliver(Job("1", plan, "request-1"), unseen)
    then = await process.deliver(Job("2", plan, "request-1"), unseen)
    await process.aclose()
    assert (lost.delivered, lost.reason, lost.again) == (False, LOST, True)
    assert then.delivered
