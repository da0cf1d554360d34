"""The service's side of the room's process: one job at a time, each answered once."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.app.node.children import Child
from gateway.app.node.jobs import Job, Outcome, job_line
from gateway.domain.errors import LinkLost

MODULE = "gateway.app.node.room_process"
LOST = "the room's process was lost before anything was delivered"

NOTHING_RUNS = "no delivery runs that could be held, resumed or aborted"

Progress = Callable[[int, float, float], None]
"""Told (beam number, meterset, meterset at its end), both MU."""

_log = logging.getLogger(__name__)


class RoomProcess:
    """Delivers jobs in a process of its own, which no parsing or network can hold up.

    ``begun`` looks a request up in the record: what became of a job whose process was lost.
    ``watchers`` are the sockets of those who watch, ``permit`` is what a real room may do.
    """

    def __init__(
        self,
        room: str,
        arguments: tuple[Path, Path | None, str],
        begun: Callable[[str], Outcome | None],
        watchers: Sequence[Path] = (),
        permit: frozenset[str] = frozenset(),
    ) -> None:
        store, config, speed = arguments
        permits = ",".join(sorted(permit))
        sockets = map(str, watchers)
        self._arguments = (str(store), str(config or ""), room, speed, permits, *sockets)
        self._begun = begun
        self._child: Child | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self._answer: asyncio.Future[Mapping[str, Any]] | None = None
        self._progress: Progress | None = None
        self._asked: dict[str, Mapping[str, Any]] = {}
        self.on_control: Callable[[Mapping[str, Any]], None] = _unheard
        """Told what :class:`gateway.app.control.Control` answers."""
        self.on_job: Callable[[Job | None], None] = _unwatched
        """Told which job has the room, and that none has it."""
        self.job: Job | None = None
        self.room = room

    @property
    def pid(self) -> int:
        """The process. Raises LinkLost before it was started."""
        if self._child is None:
            raise LinkLost("the room's process was not started")
        return self._child.pid

    async def start(self) -> None:
        """Start the process. Raises LinkLost, ReplyTimeout."""
        await self._living()

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        """Carry one job out, after those before it. A lost process is started again, the job not.

        Raises LinkLost, ReplyTimeout when the process cannot be started.
        """
        async with self._turn:
            known = await asyncio.to_thread(self._begun, job.request_id)
            if known is not None:
                return known
            child = await self._living()
            self._answer = asyncio.get_running_loop().create_future()
            self._progress = progress
            self._has(job)
            try:
                answer = await self._answered(child, job, self._answer)
            finally:
                self._answer = self._progress = None
                self._refuse_asked()
                self._has(None)
            outcome = Outcome("", LOST, None, again=True) if answer is None else _outcome(answer)
            if outcome.delivered:
                return outcome
            return await asyncio.to_thread(self._begun, job.request_id) or outcome

    async def _answered(
        self, child: Child, job: Job, answer: asyncio.Future[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """The answer to a job; None when the process is lost before."""
        ending = asyncio.create_task(child.ended())
        try:
            await child.send(job_line(job))
            await asyncio.wait((answer, ending), return_when=asyncio.FIRST_COMPLETED)
        except LinkLost as lost:
            _log.warning("%s", lost)
        finally:
            ending.cancel()
            await asyncio.wait((ending,))
        return answer.result() if answer.done() else None

    def abort(self, item: str = "") -> bool:
        """Turn the running beam off, of job ``item`` only where one is named; whether one runs.

        The job is answered with how far it came.
        """
        if self._child is None or self._answer is None or self.job is None:
            return False
        if item not in ("", self.job.item):
            return False
        self._child.interrupt()
        return True

    async def control(self, wanted: Mapping[str, Any]) -> None:
        """Hold, resume or abort the delivery that ``wanted`` names; ``on_control`` is told.

        Every key is answered at last by ``done`` or ``refused``.
        """
        if self._child is None or self._answer is None:
            self.on_control(_refused(wanted, NOTHING_RUNS))
            return
        self._asked[wanted["key"]] = wanted
        try:
            await self._child.send({"control": wanted})
        except LinkLost:
            self._refuse_asked()

    def _has(self, job: Job | None) -> None:
        self.job = job
        self.on_job(job)

    def _refuse_asked(self) -> None:
        """Nobody is left to answer."""
        asked, self._asked = self._asked, {}
        for wanted in asked.values():
            self.on_control(_refused(wanted, NOTHING_RUNS))

    async def aclose(self) -> None:
        """End the process, for good; a running beam is turned off and its record kept."""
        self._closed = True
        if self._child is not None:
            await self._child.stop()

    async def _living(self) -> Child:
        child = self._child
        if self._closed:
            raise LinkLost("the service is being stopped")
        if child is None or child.gone:
            if child is not None:
                _log.warning("the room's process has ended: started again")
            child = Child("room", MODULE, self._arguments, self._told)
            await child.start()
            self._child = child
        return child

    def _told(self, line: Mapping[str, Any]) -> None:
        if "progress" in line:
            if self._progress is not None:
                self._progress(*line["progress"])
        elif "control" in line:
            answer = line["control"]
            if answer["status"] != "accepted":
                self._asked.pop(answer["key"], None)
            self.on_control(answer)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(line)


def _refused(wanted: Mapping[str, Any], text: str) -> dict[str, Any]:
    named = {"key": wanted["key"], "delivery_id": wanted["delivery_id"]}
    return {**named, "status": "refused", "text": text}


def _unheard(_answer: Mapping[str, Any]) -> None:
    """Nobody asked."""


def _unwatched(_job: Job | None) -> None:
    """Nobody wants to know who has the room."""


def _outcome(line: Mapping[str, Any]) -> Outcome:
    delivery_id, reason = line.get("finished", ""), line.get("refused", "")
    return Outcome(delivery_id, reason, line["summary"], again=bool(line.get("again")))
