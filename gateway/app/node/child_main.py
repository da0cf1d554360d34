"""What the processes of the node have in common: ready, then work, until the input ends."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gateway.domain.errors import GatewayError
from gateway.logs import is_json, start_logging

EXIT_FAILED = 3
INPUT = 0
INPUT_BYTES = 4096

_log = logging.getLogger(__name__)


def tell(value: Mapping[str, Any]) -> None:
    """One line to the process that started this one."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def when_input_ends(do: Callable[[], object]) -> None:
    """Call ``do``, from another thread, once nobody holds this process's input, or on SIGTERM.

    From the main thread only.
    """
    ended = threading.Event()

    def once() -> None:
        if not ended.is_set():
            ended.set()
            do()

    def watch() -> None:
        while os.read(INPUT, INPUT_BYTES):  # no buffer, whose lock would outlive the interpreter
            continue
        once()

    threading.Thread(target=watch, name="input", daemon=True).start()
    signal.signal(signal.SIGTERM, lambda _number, _frame: once())
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_child(work: Callable[[list[str]], None]) -> int:
    """Run a child's work; a failure is one line of its log, and a code."""
    start_logging(Path(sys.argv[0]).stem.removesuffix("_process"))
    try:
        work(sys.argv[1:])
    except GatewayError as error:
        fail(str(error))
        return EXIT_FAILED
    return 0


def fail(text: str) -> None:
    """Say why the process ends."""
    if is_json():
        _log.error("%s", text)
    else:
        sys.stderr.write(f"error: {text}\n")
