"""``python -m tests.node_storage.dying ROOT MOMENT UID``: keeps a plan, and dies at a moment.

It writes ``kept`` once it may answer with success. With the moment ``never`` it lives.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.adapters.nodestore import files, new_file
from gateway.adapters.nodestore.objects import Objects
from tests.node_storage.builders import arrival, small_plan, stores

MOMENTS: dict[str, tuple[Any, str]] = {
    "before the file is begun": (new_file.NewFile, "synced"),
    "before it is complete": (new_file, "write_all"),
    "before it has its name": (new_file.NewFile, "keep_as"),
    "before its name is durable": (files, "sync_folder"),
    "before it is filed": (Objects, "_insert"),
}
"""What is called at that moment, and where it is looked up."""
AFTER, NEVER = "before the answer", "never"


def die(*_: object, **__: object) -> None:
    """As by SIGKILL, for it is."""
    os.kill(os.getpid(), signal.SIGKILL)


def dies_half_way(write: Callable[[int, bytes], None]) -> Callable[[int, bytes], None]:
    def half(descriptor: int, data: bytes) -> None:
        write(descriptor, bytes(data)[: len(data) // 2])
        die()

    return half


def main(root: str, moment: str, uid: str) -> None:
    if moment in MOMENTS:
        place, name = MOMENTS[moment]
        setattr(place, name, dies_half_way(new_file.write_all) if name == "write_all" else die)
    with stores(Path(root)) as held:
        held.objects.keep(arrival(small_plan(uid)))
        if moment == AFTER:
            die()
        sys.stdout.write("kept")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
