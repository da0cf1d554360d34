"""The service's side of the room's process: one job at a time, each answered once."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.app.node.children import Child
from gateway.app.node.jobs import Job, Outcome, job_line
from gateway.app.node.keeper import FIRST_PAUSE_S, LONGEST_PAUSE_S, SOUND_S
from gateway.domain.errors import LinkError, LinkLost

MODULE = "gateway.app.node.room_process"
LOST = "the room's process was lost before anything was delivered"
UNWANTED = "aborted before anything was delivered"
NOTHING_RUNS = "no delivery runs that could be held, resumed or aborted"

FINISH_BOUND_S = 100.0
"""How long a beam may take to end and its record to be finished; the systemd unit allows for it."""

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
        self._coming: list[str] = []
        self._unwanted: set[str] = set()
        self._keeping: asyncio.Task[None] | None = None
        self.on_control: Callable[[Mapping[str, Any]], None] = _unheard
        """Told what :class:`gateway.app.control.Control` answers."""
        self.on_job: Callable[[Job | None], None] = _unwatched
        """Told which job has the room, and that none has it."""
        self.job: Job | None = None
        self.starts = 0
        self.room = room

    @property
    def pid(self) -> int:
        """The process. Raises LinkLost before it was started."""
        if self._child is None:
            raise LinkLost("the room's process was not started")
        return self._child.pid

    @property
    def wanted(self) -> bool:
        """Whether a job has the room, or waits for it."""
        return bool(self._coming)

    async def start(self) -> None:
        """Start the process, and keep it. Raises LinkLost, ReplyTimeout."""
        await self._living()
        self._keeping = asyncio.create_task(self._keep(), name="keep-room")

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        """Carry one job out, after those before it. A lost process is started again, the job not.

        Raises LinkLost, ReplyTimeout when the process cannot be started.
        """
        self._coming.append(job.item)
        try:
            return await self._in_its_turn(job, progress)
        finally:
            self._coming.remove(job.item)
            self._unwanted.discard(job.item)

    async def begun(self, request_id: str) -> Outcome | None:
        """What became of a request; None while no delivery was begun for it. Raises StoreError."""
        return await asyncio.to_thread(self._begun, request_id)

    async def _in_its_turn(self, job: Job, progress: Progress) -> Outcome:
        async with self._turn:
            known = await self.begun(job.request_id)
            if known is not None:
                return known
            child = await self._living()
            if job.item in self._unwanted:
                return Outcome("", UNWANTED, None)
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
            return await self.begun(job.request_id) or outcome

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
        job = self.job
        if self._child is None or job is None or item not in ("", job.item):
            return False
        wanted = {"key": f"abort-{job.item}", "do": "abort", "delivery_id": job.item, "by": ()}
        try:
            self._child.say({"control": wanted})
        except LinkLost:
            return False
        return True

    async def control(self, wanted: Mapping[str, Any]) -> None:
        """Hold, resume or abort the delivery that ``wanted`` names; ``on_control`` is told.

        A job is aborted by its name too, also one that waits: it never begins then. Every key is
        answered at last by ``done`` or ``refused``.
        """
        named = wanted["delivery_id"]
        if wanted["do"] == "abort" and self._waits(named):
            self._unwanted.add(named)
            self.on_control(_answered(wanted, "done", UNWANTED))
            return
        if self._child is None or self._answer is None:
            self.on_control(_answered(wanted, "refused", NOTHING_RUNS))
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
            self.on_control(_answered(wanted, "refused", NOTHING_RUNS))

    def _waits(self, item: str) -> bool:
        has_the_room = self.job is not None and self.job.item == item
        return item in self._coming and not has_the_room

    async def aclose(self) -> None:
        """End the process, for good; a running beam is turned off and its record kept."""
        self._closed = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait((self._keeping,))
        if self._child is not None:
            await self._child.stop(FINISH_BOUND_S)

    async def _keep(self) -> None:
        """Start the process again where it is lost, also while nothing is delivered."""
        pause_s = FIRST_PAUSE_S
        while self._child is not None:
            started_s = time.monotonic()
            await self._child.ended()
            if time.monotonic() - started_s > SOUND_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
            async with self._turn:
                try:
                    await self._living()
                except LinkError as reason:
                    _log.error("%s", reason)

    async def _living(self) -> Child:
        self._require_open()
        child = self._child
        if child is None or child.gone:
            if child is not None:
                _log.warning("the room's process has ended: started again")
            self._child = child = Child("room", MODULE, self._arguments, self._told)
            await child.start()
            self.starts += 1
            try:
                self._require_open()
            except LinkLost:  # who closed meanwhile found no process to end
                await child.stop()
                raise
        return child

    def _require_open(self) -> None:
        if self._closed:
            raise LinkLost("the service is being stopped")

    def _told(self, line: Mapping[str, Any]) -> None:
        if "progress" in line:
            if self._progress is not None:
                self._progress(*line["progress"])
        elif "control" in line:
            answer = line["control"]
            if answer["status"] != "accepted":
                self._asked.pop(answer["key"], None)
            self.on_control(answer)
        elif self.job is None or line["item"] != self.job.item:
            _log.warning("job %s has ended, and nobody waits for it any more", line["item"])
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(line)


def _answered(wanted: Mapping[str, Any], status: str, text: str) -> dict[str, Any]:
    named = {"key": wanted["key"], "delivery_id": wanted["delivery_id"]}
    return {**named, "status": status, "text": text}


def _unheard(_answer: Mapping[str, Any]) -> None:
    """Nobody asked."""


def _unwatched(_job: Job | None) -> None:
    """Nobody wants to know who has the room."""


def _outcome(line: Mapping[str, Any]) -> Outcome:
    delivery_id, reason = line.get("finished", ""), line.get("refused", "")
    return Outcome(delivery_id, reason, line["summary"], again=bool(line.get("again")))
