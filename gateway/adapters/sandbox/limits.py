"""The child's own side: limits first, then questions until the input ends."""

import gc
import json
import resource
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

RESERVE_BYTES = 16 * 2**20
"""To say that memory has ended, when it has."""
MEMORY_SPENT = "it needs more memory than reading it may use"


def answer_questions(
    memory_bytes: int, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    """Limit this process and answer what its input asks; a question may fail for want of memory.

    It may take ``memory_bytes`` more than it has now, files that it maps aside. An answer that
    would take more is ``{"exceeded": why}``.
    """
    limit_bytes = _data_bytes() + memory_bytes
    hard_bytes = limit_bytes + RESERVE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with redirect_stdout(sys.stderr):
        _say(0, {})
        for line in sys.stdin:
            asked = json.loads(line)
            reply = _within_limits(answer, asked["question"])
            if reply is None:
                resource.setrlimit(resource.RLIMIT_DATA, (hard_bytes, hard_bytes))
                _say(asked["number"], {"exceeded": MEMORY_SPENT})
                gc.collect()
                resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard_bytes))
            else:
                _say(asked["number"], reply)


def _within_limits(
    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]], question: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The answer; None where memory ended: what it took is given back on return."""
    try:
        return answer(question)
    except MemoryError:
        return None
    except RecursionError as spent:
        return {"exceeded": str(spent)}


def _data_bytes() -> int:
    """What is private to this process now (proc_pid_statm(5)); files that are mapped are not."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    return pages * resource.getpagesize()


def _say(number: int, answer: Mapping[str, Any]) -> None:
    """On the standard output itself: what a library prints goes elsewhere."""
    assert sys.__stdout__ is not None  # noqa: S101 - the process was started with one
    line = json.dumps({"number": number, "answer": answer}, ensure_ascii=False)
    sys.__stdout__.write(line + "\n")
    sys.__stdout__.flush()
