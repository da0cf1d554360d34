"""``python -m tests.bench.arc_process SOCKET FOLDER``: a room that tells of arcs in real time.

As the room's process does, over the real feed, with 10 portal frames a second; arc after arc until
its standard input ends.
"""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.adapters.live.tap import Tap
from gateway.domain.delivery import CouchSample
from gateway.formats.live_feed import (
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
)
from gateway.ports.store import StoredEvent
from tests.web.arc import COMMIT_S, Arc, arc_program, arc_room


def main(socket: str, folder: str) -> None:
    """See the module."""
    tap, ended = Tap([Path(socket)]), threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    run = 0
    while not ended.is_set():
        run += 1
        arc = Arc(arc_room(), Path(folder), delivery_id=f"D{run:012x}", first_sequence=100 * run)
        _tell_arc(tap, arc, ended)
    tap.close()


def _tell_arc(tap: Tap, arc: Arc, ended: threading.Event) -> None:
    program = arc_program(arc.room)
    due_s = time.monotonic()
    for group in arc.groups():
        if any(isinstance(one, LiveSample) for one in group):
            due_s += COMMIT_S
            if ended.wait(max(due_s - time.monotonic(), 0.0)):
                return
        elif not any(isinstance(one, LiveLink | LiveEvent) for one in group):
            tap.on_beam(program)
        _tell(tap, group)


def _tell(tap: Tap, group: Sequence[Message]) -> None:
    tap.on_samples([one.sample for one in group if isinstance(one, LiveSample)])
    for one in group:
        match one:
            case LiveLink(device, state):
                tap.on_link(device, state)
            case LiveEvent(sequence, delivery_id, kind, at_ns):
                tap.on_event(StoredEvent(sequence, delivery_id, kind, at_ns, {}, ""))
            case LiveCouch(positions_mm, moving):
                tap.on_couch(CouchSample(0, positions_mm, moving))
            case LiveFrame(frame):
                tap.on_frame(frame)


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
