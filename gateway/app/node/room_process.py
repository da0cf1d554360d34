"""The room's process: deliveries one after the other, told and reported in lines of JSON.

Standard input brings jobs (see :mod:`gateway.app.node.jobs`), standard output takes what became of
them. The process ends with its input. SIGINT turns a running beam off and keeps the record; a job
that never began is refused.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.app.deliver import continue_delivery, deliver
from gateway.app.node.jobs import Job, job_of
from gateway.app.refusal import refusal
from gateway.app.request import Request
from gateway.domain.errors import GatewayError
from gateway.settings import Settings, load_settings

PROGRESS_PERIOD_S = 0.2


def main(arguments: list[str]) -> int:
    """``STORE CONFIG ROOM SPEED``; an empty CONFIG is none, an empty SPEED the room's own."""
    store, config, room, speed = arguments
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    settings = load_settings(Path(config) if config else None, Path(store))
    _tell({"ready": room})
    while line := _next_line():
        job = job_of(json.loads(line))
        _tell({"item": job.item, **_carry_out(job, settings, room, speed)})
    return 0


def _next_line() -> str:
    """The next job; an interrupt between two jobs has nothing to stop."""
    while True:
        try:
            return sys.stdin.readline()
        except KeyboardInterrupt:
            continue


def _carry_out(job: Job, settings: Settings, room: str, speed: str) -> Mapping[str, Any]:
    request = _request(job, room, speed)
    progress = _Progress(job.item)
    try:
        if job.continues:
            finished = continue_delivery(job.continues, request, settings, progress)
        else:
            finished = deliver(request, settings, progress)
    except GatewayError as reason:
        return {"refused": str(reason), "summary": refusal(reason, request, settings)}
    except KeyboardInterrupt:
        return {"refused": "stopped before anything was delivered", "summary": None}
    return {"finished": finished.entry.delivery_id, "summary": finished.summary}


def _request(job: Job, room: str, speed: str) -> Request:
    return Request(
        plan=job.plan,
        room=room,
        fraction_group=job.fraction_group,
        fraction=job.fraction,
        beams=job.beams,
        speed=float(speed) if speed else None,
        seed=job.seed,
        by=job.by,
        request_id=job.request_id,
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
        _tell({"item": self._item, "progress": [beam_number, meterset_mu, end_mu]})


def _tell(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
