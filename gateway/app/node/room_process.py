"""The room's process: deliveries one after the other, told and reported in lines of JSON.

Standard input brings jobs (see :mod:`gateway.app.node.jobs`) and, in between, what operators want
of the delivery that runs: ``{"control": ...}`` (:mod:`gateway.app.control`). Standard output takes
what became of either. The process ends with its input: a beam that runs then is turned off and its
record kept, since nobody is left who could stop it. SIGINT turns a running beam off likewise; a job
that never began is refused.
"""

import contextlib
import json
import os
import queue
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.adapters.live.tap import Tap
from gateway.app.attendance import Attendance
from gateway.app.control import Control
from gateway.app.deliver import continue_delivery, deliver
from gateway.app.node.child_main import INPUT, INPUT_BYTES
from gateway.app.node.jobs import Job, job_of
from gateway.app.refusal import refusal
from gateway.app.request import Request
from gateway.domain.errors import ConfigError, GatewayError, InputError, NotNow, PlanRejected
from gateway.logs import start_logging
from gateway.ports.observer import Observer, Unobserved
from gateway.settings import Settings, load_settings

PROGRESS_PERIOD_S = 0.2
LOOK_PERIOD_S = 1.0
FOR_GOOD = (PlanRejected, InputError, ConfigError)
"""Refusals that the plan or the configuration are the reason of: they do not pass."""
STOPPED: Mapping[str, Any] = {"refused": "stopped before anything was delivered", "summary": None}
"""The answer to a job that ended by an interrupt: the record has what it came to."""
_TELLING = threading.Lock()


def main(arguments: list[str]) -> int:
    """``STORE CONFIG ROOM SPEED PERMIT WATCHER...``.

    An empty CONFIG is none, an empty SPEED the room's own; PERMIT is as on the command line. Each
    WATCHER is the socket of somebody who watches (:mod:`gateway.adapters.live`).
    """
    store, config, room, speed, permit, *watchers = arguments
    permits = frozenset(filter(None, permit.split(",")))
    start_logging("room", room)
    settings = load_settings(Path(config) if config else None, Path(store))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Control(lambda answer: _tell({"control": answer}), _interrupt)
    jobs = _Jobs(control)
    attendance = Attendance(_observer(watchers), control)
    _tell({"ready": room})
    while (job := jobs.next()) is not None:
        answer: Mapping[str, Any] = STOPPED
        with jobs.interruptible():
            if jobs.ended.is_set():
                break
            with control.taken_up(job.item):
                wanted = _request(job, room, speed, permits)
                answer = _carry_out(job, settings, wanted, attendance)
        _tell({"item": job.item, **answer})
    return 0


def _interrupt() -> None:
    """As Ctrl-C does: ends what the main thread does, the beam first."""
    os.kill(os.getpid(), signal.SIGINT)


class _Jobs:
    """The input, job by job; what is for ``control`` goes there at once.

    Its end stops the job that is under way.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def next(self) -> Job | None:
        """The next one; None once the input has ended, whatever it had before."""
        job = self._jobs.get()
        return None if self.ended.is_set() else job

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """SIGINT is heard within the block; between two jobs there is nothing to stop."""
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            yield
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _read(self) -> None:
        try:
            self._read_lines()
        finally:
            self.ended.set()
            self._jobs.put(None)
            _interrupt()

    def _read_lines(self) -> None:
        left = b""
        while portion := os.read(INPUT, INPUT_BYTES):
            *whole, left = (left + portion).split(b"\n")
            for line in whole:
                self._take(json.loads(line))

    def _take(self, line: Mapping[str, Any]) -> None:
        if "control" in line:
            self._control.ask(line["control"])
        else:
            job = job_of(line)
            self._control.expect(job.item)
            self._jobs.put(job)


def _observer(watchers: Sequence[str]) -> Observer:
    """Watchers are told, and looked for while they are not there."""
    if not watchers:
        return Unobserved()
    tap = Tap([Path(path) for path in watchers])

    def look() -> None:
        while True:
            time.sleep(LOOK_PERIOD_S)
            tap.reach()

    threading.Thread(target=look, name="watchers", daemon=True).start()
    return tap


def _carry_out(
    job: Job, settings: Settings, request: Request, attendance: Attendance
) -> Mapping[str, Any]:
    progress = _Progress(job.item)
    try:
        if job.continues:
            finished = continue_delivery(job.continues, request, settings, progress, attendance)
        else:
            finished = deliver(request, settings, progress, attendance)
    except NotNow:
        return STOPPED
    except GatewayError as reason:
        again = not isinstance(reason, FOR_GOOD)
        summary = refusal(reason, request, settings)
        return {"refused": str(reason), "again": again, "summary": summary}
    except KeyboardInterrupt:
        return STOPPED
    return {"finished": finished.entry.delivery_id, "summary": finished.summary}


def _request(job: Job, room: str, speed: str, permit: frozenset[str]) -> Request:
    return Request(
        plan=job.plan,
        room=room,
        fraction_group=job.fraction_group,
        fraction=job.fraction,
        beams=job.beams,
        speed=float(job.speed or speed) if job.speed or speed else None,
        cine_fps=job.cine_fps,
        seed=job.seed,
        by=job.by,
        permit=permit,
        request_id=job.request_id,
        plan_sha256=job.plan_sha256,
        verifications=job.verifications,
    )


class _Progress:
    """Tells how far a beam has come, at a bounded rate."""

    def __init__(self, item: str) -> None:
        self._item = item
        self._told_s = 0.0

    def __call__(self, beam_number: int, meterset_mu: float, end_mu: float) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < PROGRESS_PERIOD_S and meterset_mu < end_mu:
            return
        self._told_s = now_s
        _tell_if_heard({"item": self._item, "progress": [beam_number, meterset_mu, end_mu]})


def _tell_if_heard(value: Mapping[str, Any]) -> None:
    """As :func:`_tell`, but a beam does not wait for who does not read: the next one tells more.

    What takes a line has room for PIPE_BUF bytes, and a line of this has fewer (pipe(7), poll(2)).
    """
    if not _TELLING.acquire(blocking=False):
        return
    try:
        if select.select((), (sys.stdout,), (), 0.0)[1]:
            _write(value)
    finally:
        _TELLING.release()


def _tell(value: Mapping[str, Any]) -> None:
    """One line, where anybody is left to read it: the record has it in any case."""
    with _TELLING:
        _write(value)


def _write(value: Mapping[str, Any]) -> None:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
