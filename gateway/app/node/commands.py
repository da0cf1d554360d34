"""What the web's process asks for: deliveries in their turn, and operators' words at once."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import RoomProcess
from gateway.domain.errors import GatewayError, StoreError

KEYS_KEPT = 10_000
REAL_TIME = "1"
BUSY = "the room is busy: nothing was delivered; propose it again when its delivery has ended"
RESTARTED = "the service was started again before this was delivered: nothing was delivered"

Say = Callable[[Mapping[str, Any]], None]

_log = logging.getLogger(__name__)


class Commands:
    """Carries out each key once; a key that comes again is answered as before.

    ``say`` is given ``{"answer": ...}`` and ``{"room": ...}``. Deliveries run at ``speed`` where
    they do not name one; their key is their request's name in the record. A delivery begins at
    once or not at all: nobody armed it for later. ``recall`` asks what became of one.
    """

    def __init__(self, room: RoomProcess, speed: str = REAL_TIME) -> None:
        self._room = room
        self.say: Say = _unheard
        self._speed = speed
        self._answers: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        room.on_control = self._answer_control
        room.on_job = self._tell_room

    def take(self, line: Mapping[str, Any]) -> None:
        """One line of the web's process."""
        try:
            command: Mapping[str, Any] = line["command"]
            key, do = str(command["key"]), str(command["do"])
            if key in self._answers:
                self.say({"answer": self._answers[key]})
            else:
                self._begin(key, do, command)
        except (KeyError, TypeError, ValueError) as problem:
            _log.error("a command that cannot be read: %r", problem)

    def tell_room(self) -> None:
        """Say who has the room: whoever comes anew knows nothing."""
        self._tell_room(self._room.job)

    async def aclose(self) -> None:
        """Leave what still waits for its turn; a beam that runs is the room's to end."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, key: str, do: str, command: Mapping[str, Any]) -> None:
        if do == "deliver":
            job = _job(key, command, self._speed)
            self._answer(key, "accepted")
            self._spawn(self._deliver(key, job))
        elif do == "recall":
            self._spawn(self._recall(key))
        elif do in ("hold", "resume", "abort"):
            named = {name: command[name] for name in ("key", "do", "delivery_id", "by")}
            self._keep({**named, "status": "accepted", "text": ""})
            self._spawn(self._room.control(named))
        else:
            self._answer(key, "refused", f"nobody can do {do!r}")

    async def _deliver(self, key: str, job: Job) -> None:
        if self._room.wanted:
            self._answer(key, "refused", BUSY)
            return
        try:
            outcome = await self._room.deliver(job, _unseen)
        except GatewayError as problem:
            self._answer(key, "refused", str(problem))
            return
        self._answer_outcome(key, outcome)

    async def _recall(self, key: str) -> None:
        """What became of a delivery that an earlier service had taken: it is not begun anew."""
        try:
            outcome = await self._room.begun(key)
        except StoreError as problem:
            _log.error("%s", problem)
            return
        if key not in self._answers:
            self._answer_outcome(key, outcome or Outcome("", RESTARTED, None))

    def _answer_outcome(self, key: str, outcome: Outcome) -> None:
        status = "done" if outcome.delivered else "refused"
        self._answer(key, status, outcome.reason, outcome.delivery_id)

    def _answer_control(self, answer: Mapping[str, Any]) -> None:
        """Only how it ended is of interest: that takes no time."""
        if answer["status"] != "accepted":
            self._answer(answer["key"], answer["status"], answer["text"], answer["delivery_id"])

    def _answer(self, key: str, status: str, text: str = "", delivery_id: str = "") -> None:
        answer = {"key": key, "status": status, "text": text, "delivery_id": delivery_id}
        self._keep(answer)
        self.say({"answer": answer})

    def _keep(self, answer: Mapping[str, Any]) -> None:
        self._answers[answer["key"]] = answer
        while len(self._answers) > KEYS_KEPT:
            self._answers.popitem(last=False)

    def _tell_room(self, job: Job | None) -> None:
        item, by = ("", ()) if job is None else (job.item, job.by)
        self.say({"room": {"busy": job is not None, "item": item, "by": list(by)}})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.error("a command failed: %s", problem)


def _job(key: str, command: Mapping[str, Any], speed: str) -> Job:
    """Raises KeyError, TypeError, ValueError for what is no order to deliver."""
    wanted = command.get("speed")
    job = Job(key, Path(command["plan"]), key, by=tuple(map(str, command["by"])))
    return replace(
        job,
        fraction_group=_number(command.get("fraction_group")),
        fraction=_number(command.get("fraction")),
        plan_sha256=str(command.get("plan_sha256") or ""),
        beams=tuple(int(number) for number in command.get("beams") or ()),
        cine_fps=None if command.get("cine_fps") is None else float(command["cine_fps"]),
        speed=speed if wanted is None else str(float("inf" if wanted == "max" else wanted)),
    )


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _unheard(_line: Mapping[str, Any]) -> None:
    """Nobody listens yet."""


def _unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """The feed tells more."""
