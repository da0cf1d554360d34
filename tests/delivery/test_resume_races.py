"""A resume is on disk before it is commanded, and what comes meanwhile wins."""

import asyncio
from collections.abc import Mapping

import pytest

from gateway.domain.delivery import DeliveryOutcome, MachineState, TerminationStatus
from gateway.ports.store import Json, StoredEvent
from tests.delivery.fake_record import MemoryStore
from tests.delivery.fakes import Linac
from tests.delivery.operators import (
    BY,
    SOON_S,
    commands,
    hold,
    outcome,
    played,
    refused,
    session,
)
from tests.delivery.scene import Scene, assert_off_and_told


class Slow(MemoryStore):
    """Takes its time to record a resume."""

    def __init__(self) -> None:
        super().__init__()
        self.resuming = asyncio.Event()

    async def append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        if kind == "resume":
            self.resuming.set()
            await asyncio.sleep(SOON_S)
        return await super().append(delivery_id, kind, body, at_ns)


def test_a_hold_that_comes_while_a_resume_is_recorded_wins() -> None:
    store = Slow()

    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        resuming = asyncio.create_task(session(scene).resume(BY))
        await store.resuming.wait()
        await refused(session(scene).resume(BY), "resumed already")
        await session(scene).hold(("second",))
        await refused(resuming, "held again")
        await asyncio.sleep(SOON_S)
        assert scene.machine.state is MachineState.HELD
        await session(scene).resume(BY)

    scene = played(during, store=store)
    assert outcome(scene) is DeliveryOutcome.COMPLETE
    assert commands(scene, "resume") == ["resume"]


def test_an_abort_that_comes_while_a_resume_is_recorded_wins() -> None:
    store = Slow()

    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        resuming = asyncio.create_task(session(scene).resume(BY))
        await store.resuming.wait()
        await session(scene).abort(("second", "third"))
        await refused(resuming, "being ended")

    scene = Scene(during=during, store=store)
    with pytest.raises(asyncio.CancelledError):
        scene.play()
    assert commands(scene, "resume") == []
    assert scene.entry is not None
    assert scene.entry.beams[1].termination_reason == "aborted by second and third"
    assert scene.entry.beams[1].termination_status is TerminationStatus.OPERATOR
    assert_off_and_told(scene)


def test_a_resume_is_durable_before_it_is_commanded() -> None:
    class Watched(MemoryStore):
        async def append(
            self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
        ) -> StoredEvent:
            if kind == "resume":
                await asyncio.sleep(SOON_S)
                assert commands(scene, "resume") == []
            return await super().append(delivery_id, kind, body, at_ns)

    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        await session(scene).resume(BY)
        assert commands(scene, "resume") == ["resume"]

    scene = Scene(during=during, store=Watched())
    assert scene.play().outcome is DeliveryOutcome.COMPLETE
