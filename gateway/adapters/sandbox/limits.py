"""The child's own side: limits first, then questions until the input ends."""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

MEMORY_SPENT = "it needs more memory than reading it may use"


def answer_questions(
    memory_bytes: int, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    """Limit this process and answer what its input asks; a question may fail for want of memory.

    An answer to that is ``{"exceeded": why}``.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _say({"ready": True})
    for line in sys.stdin:
        try:
            _say(answer(json.loads(line)))
        except (MemoryError, RecursionError) as spent:
            _say({"exceeded": MEMORY_SPENT if isinstance(spent, MemoryError) else str(spent)})


def _say(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
