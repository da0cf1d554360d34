"""Performs what is wanted of the worklist: one beam at a time, and everything to its end."""

import asyncio
from collections.abc import Callable

from gateway.adapters.nodestore.steps import Phase, Step
from gateway.app.node.worklist_performer import Performer, log
from gateway.app.node.worklist_treatment import Treatment

BEFORE_THE_END_OF_THE_BEAM = frozenset(
    {Phase.WANTED, Phase.CLAIMING, Phase.CLAIMED, Phase.DELIVERING}
)


class WorklistWorker:
    """Performs a room's steps, in the order they were wanted.

    Only one is claimed and delivered at a time. Those whose beam has ended are concluded beside
    it: a manager or an archive that is away holds no other treatment up.
    """

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self._beam = asyncio.Lock()
        self._performed: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled. Raises an exception group of StoreError."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._take_up(group)
                await asyncio.sleep(self._performer.poll_s)

    async def _take_up(self, group: asyncio.TaskGroup) -> None:
        steps, room = self._performer.steps, self._performer.room.room
        self._performed = {uid: task for uid, task in self._performed.items() if not task.done()}
        for step in await asyncio.to_thread(steps.unfinished, room):
            uid = step.sop_instance_uid
            if uid not in self._performed:
                name = f"step-{uid}"
                self._performed[uid] = group.create_task(self._perform(step), name=name)

    async def _perform(self, step: Step) -> None:
        treatment = Treatment(self._performer, step)
        if step.phase in BEFORE_THE_END_OF_THE_BEAM:
            async with self._beam:
                await self._until(treatment, lambda: _has_no_beam(treatment.step))
        await self._until(treatment, lambda: treatment.step.ended)
        ended = treatment.step
        if ended.phase is not Phase.COMPLETED:
            log.warning("step %s: %s; 'worklist' says why", ended.sop_instance_uid, ended.phase)

    async def _until(self, treatment: Treatment, reached: Callable[[], bool]) -> None:
        while not reached():
            await treatment.advance()


def _has_no_beam(step: Step) -> bool:
    """Whether a step is past its beam; one whose delivery is to be resolved by people is."""
    unresolved = step.phase is Phase.DELIVERING and bool(step.waiting)
    return unresolved or step.phase not in BEFORE_THE_END_OF_THE_BEAM
