"""The whole treatment against the simulated management system, message for message."""

import asyncio
from pathlib import Path

from gateway.adapters.nodestore.steps import Phase
from gateway.app.node.worklist_treatment import Treatment
from tests.worklist.bench import bench

LIMIT_S = 60


def performed(running, uid, **changes):
    treatment = Treatment(running.performer(**changes), running.want(uid))

    async def perform():
        async with asyncio.timeout(LIMIT_S):
            return await treatment.perform()

    return asyncio.run(perform())


def test_first(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid)
        for m in running.tms.journal:
            print(
                m.direction,
                m.dimse,
                m.peer,
                m.entity,
                m.context[-8:],
                m.sop_class_uid[-8:],
                m.status,
            )
        print(step)
        assert step.phase is Phase.COMPLETED, step
