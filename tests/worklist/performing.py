"""Performing a step of the bench from a test."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from gateway.adapters.nodestore.steps import Step
from gateway.app.node.record import outcome_of
from gateway.app.node.room import RoomProcess
from gateway.app.node.sending_work import SendingWork
from gateway.app.node.worklist_treatment import Treatment
from tests.worklist.bench import Bench

LIMIT_S = 60.0
ROUND_S = 0.05


def performed(running: Bench, uid: str, **changes: Any) -> Step:
    """The step at its end."""
    treatment = Treatment(running.performer(**changes), running.want(uid))
    return asyncio.run(within(treatment.perform()))


def performed_in_process(running: Bench, uid: str) -> Step:
    """The step at its end, delivered in a process of its own and in real time."""

    known = partial(outcome_of, running.settings)
    room = RoomProcess(running.room.room, (running.settings.store, None, "1"), known)
    treatment = Treatment(running.performer(room=room), running.want(uid))

    async def perform() -> Step:
        try:
            return await treatment.perform()
        finally:
            await room.aclose()

    step: Step = asyncio.run(within(perform()))
    return step


def resumed(running: Bench, uid: str, **changes: Any) -> Step:
    """The step at its end, brought there by a program that has just started."""
    step = running.steps.get(uid)
    assert step is not None
    return asyncio.run(within(Treatment(running.performer(**changes), step).perform()))


async def within(work: Any) -> Any:
    """What ``work`` returns; it has a minute."""
    async with asyncio.timeout(LIMIT_S):
        return await work


@contextlib.contextmanager
def sending(running: Bench) -> Iterator[None]:
    """The outbox is worked meanwhile."""
    over = threading.Event()
    work = SendingWork(running.node, running.outbox, running.clock)

    def rounds() -> None:
        while not over.wait(ROUND_S):
            for destination in running.outbox.due_destinations(running.clock.now_ns()):
                work.work(destination)

    thread = threading.Thread(target=rounds, name="sender")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def at_meterset(mu: float, act: Callable[[], None]) -> Callable[[int, float, float], None]:
    """Acts once, when the beam has come so far."""
    done: list[float] = []

    def meanwhile(_beam: int, meterset_mu: float, _end_mu: float) -> None:
        if meterset_mu >= mu and not done:
            done.append(meterset_mu)
            act()

    return meanwhile
