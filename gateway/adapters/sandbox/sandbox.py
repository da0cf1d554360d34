"""One limited child process: a question is a line of JSON, and so is its answer.

The child runs a module of the project that reads questions from its standard input. Nothing of what
it says is ever executed; it is killed when a question takes too long, and replaced.
"""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.errors import GatewayError

READY, READY_S = 0, 60.0
END_S = 5.0
LONGEST_ANSWER_BYTES = 16 * 2**20
_PORTION_BYTES = 64 * 2**10


class OutOfBounds(GatewayError):
    """A question took more time or memory than it may."""


class Sandbox:
    """Asks ``module`` in a child process. Safe to share between threads: one question at a time.

    ``memory_bytes`` bounds what the child takes beyond its idle size, ``deadline_s`` the time of
    one question.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], memory_bytes: int, deadline_s: float
    ) -> None:
        self._argv = (sys.executable, "-m", module, str(memory_bytes), *arguments)
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._left = bytearray()
        self._asked = READY
        self.replaced = 0

    def ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer. Raises OutOfBounds; the child is another one then."""
        with self._lock:
            child = self._living()
            self._asked += 1
            asked = {"number": self._asked, "question": question}
            try:
                _pipe(child.stdin).write(json.dumps(asked, ensure_ascii=False).encode() + b"\n")
                _pipe(child.stdin).flush()
                return self._answer(child, self._asked, self._deadline_s)
            except TimeoutError:
                self._replace(child)
                raise OutOfBounds(f"reading it took more than {self._deadline_s:g} s") from None
            except (OSError, ValueError, EOFError) as error:
                self._replace(child)
                raise OutOfBounds(
                    "the process that reads it ended: more memory than it may use, or a crash"
                ) from error

    def close(self) -> None:
        """End the child; idempotent."""
        with self._lock:
            if self._child is not None:
                _end(self._child)
                self._child = None

    def _living(self) -> subprocess.Popen[bytes]:
        child = self._child
        if child is not None and child.poll() is None:
            return child
        if child is not None:
            self._replace(child)
        child = subprocess.Popen(  # noqa: S603 - this interpreter, a module of the project
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._left = bytearray()
        try:
            self._answer(child, READY, READY_S)
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            _end(child)
            raise OutOfBounds("the process that reads objects does not start") from error
        self._child = child
        return child

    def _replace(self, child: subprocess.Popen[bytes]) -> None:
        _end(child)
        self._child = None
        self.replaced += 1

    def _answer(
        self, child: subprocess.Popen[bytes], number: int, within_s: float
    ) -> Mapping[str, Any]:
        """The answer to that question. Raises TimeoutError, EOFError, ValueError, OSError."""
        deadline_s = time.monotonic() + within_s
        output = _pipe(child.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while b"\n" not in self._left:
                if not selector.select(max(0.0, deadline_s - time.monotonic())):
                    raise TimeoutError
                portion = os.read(output.fileno(), _PORTION_BYTES)
                if not portion:
                    raise EOFError
                self._left += portion
                if len(self._left) > LONGEST_ANSWER_BYTES:
                    raise ValueError("an answer without an end")
        line, _, self._left = self._left.partition(b"\n")
        said = json.loads(line)
        if not isinstance(said, dict) or said.get("number") != number:
            raise ValueError("no answer to what was asked")
        answer = said.get("answer")
        if self._left or not isinstance(answer, dict):
            raise ValueError("more, or less, than an answer")
        return answer


def _pipe(stream: Any) -> Any:
    if stream is None:
        raise EOFError
    return stream


def _end(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue
    child.kill()
    child.wait(END_S)
