"""What the processes of the node have in common: ready, then work, until the input ends."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gateway.domain.errors import GatewayError

EXIT_FAILED = 3
INPUT = 0
INPUT_BYTES = 4096


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


class OneLine(logging.Formatter):
    """A message is one line, whatever a peer has put into it; nothing in it moves a cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the base's)
        """As the base, with what cannot be printed escaped."""
        said = super().formatMessage(record)
        if said.isprintable():
            return said
        return "".join(
            one if one.isprintable() else one.encode("unicode_escape").decode() for one in said
        )


def run_child(work: Callable[[list[str]], None]) -> int:
    """Run a child's work; a failure is one line of its log, and a code."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    try:
        work(sys.argv[1:])
    except GatewayError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_FAILED
    return 0
