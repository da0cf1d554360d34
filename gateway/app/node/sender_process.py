"""The sender's process: works the outbox, reports commitments, judges what was accepted unseen."""

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable

from gateway.adapters.clock import SystemClock
from gateway.adapters.dicomnet.commitment_service import answer_pending
from gateway.adapters.nodestore.objects import State
from gateway.adapters.sandbox import Sandbox
from gateway.app.node.child_main import run_child, tell, when_input_ends
from gateway.app.node.judging import judged, judging_sandbox
from gateway.app.node.parts import NodeParts, parts_named
from gateway.app.node.sender import run_sender
from gateway.domain.findings import has_errors

LOOK_S = 0.5
AT_ONCE = 50


def work(arguments: list[str]) -> None:
    """``STORE CONFIG NODE``."""
    store, config, name = arguments
    warnings.simplefilter("ignore")
    parts = parts_named(store, config, name)
    sandbox = judging_sandbox(store, config, parts.node.limits)
    try:
        asyncio.run(_work(parts, sandbox))
    finally:
        sandbox.close()


def judge_received(parts: NodeParts, sandbox: Sandbox) -> int:
    """Judge objects that were accepted before they were looked at; how many."""
    received = parts.objects.in_state(State.RECEIVED, AT_ONCE)
    for one in received:
        findings = judged(sandbox, one.path)
        state = State.INVALID if has_errors(findings) else State.VALID
        parts.objects.mark(one.sop_instance_uid, state, findings)
    return len(received)


async def _work(parts: NodeParts, sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    when_input_ends(lambda: loop.call_soon_threadsafe(stop.set))
    clock = SystemClock()

    def report() -> int:
        return answer_pending(
            parts.node, parts.commitments, parts.database, parts.files, clock.now_ns()
        )

    tell({"ready": True})
    async with asyncio.TaskGroup() as group:
        group.create_task(run_sender(parts.node, parts.outbox, clock, stop))
        group.create_task(_again(lambda: asyncio.to_thread(report), stop))
        group.create_task(_again(lambda: asyncio.to_thread(judge_received, parts, sandbox), stop))


async def _again(work: Callable[[], Awaitable[int]], stop: asyncio.Event) -> None:
    """Work until ``stop``; a pause only where there was nothing to do."""
    while not stop.is_set():
        if not await work():
            try:
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue


if __name__ == "__main__":
    sys.exit(run_child(work))
