"""Heavy or hostile work in a process of its own: the live view goes on meanwhile."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.adapters.web.problems import Refused

MODULE = "gateway.app.web.aside_process"
BOUND_S = 120.0
AT_ONCE = 2

Aside = Callable[[str, Mapping[str, Any]], Any]
"""Do a task of :mod:`gateway.app.web.aside_tasks` with its arguments; raises Refused."""


class Processes:
    """Runs each task in a new process, two at a time at most."""

    def __init__(self, store: Path, config: Path | None, room: str) -> None:
        self._argv = (sys.executable, "-m", MODULE, str(store), str(config or ""), room)
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, task: str, arguments: Mapping[str, Any]) -> Any:
        """See :data:`Aside`."""
        said = json.dumps({"task": task, **arguments}).encode()
        with self._turns:
            try:
                done = subprocess.run(  # noqa: S603 - this program's own module
                    self._argv, input=said, stdout=subprocess.PIPE, timeout=BOUND_S, check=False
                )
            except subprocess.TimeoutExpired:
                text = f"this took longer than {BOUND_S:g} s"
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, text) from None
        if done.returncode != 0:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "this could not be worked out")
        return _result(json.loads(done.stdout))


def _result(said: Mapping[str, Any]) -> Any:
    if "refused" in said:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, said["refused"])
    return said["result"]
