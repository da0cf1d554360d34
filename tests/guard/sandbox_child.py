"""A child that does what it is asked to, also what it must not."""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gateway.adapters.sandbox.limits import answer_questions

OUTPUT = 1


def deeper(level: int) -> int:
    return deeper(level + 1) + 1


def babble() -> None:
    while True:
        say(b"x" * 2**16)


def say(text: bytes) -> None:
    os.write(OUTPUT, text)


def hoard() -> None:
    """Takes whatever there is, in the smallest pieces."""
    held: list[object] = []
    while True:
        held = [held, {}, [held]]


MISDEEDS: Mapping[str, Callable[[], object]] = {
    "hoard": hoard,
    "hang": threading.Event().wait,
    "crash": os.abort,
    "exit": lambda: os._exit(0),
    "print": lambda: print("a warning"),
    "babble": babble,
    "lie": lambda: say(b"not JSON\n"),
    "scalar": lambda: say(b"7\n"),
    "say it before": lambda: say(b'{"number": 1, "answer": {}}\n'),
    "say more": lambda: say(b'{"number": 1, "answer": {}}\n{"number": 2, "answer": {}}\n'),
}


def answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
    match question["do"]:
        case "double":
            return {"text": 2 * question["text"]}
        case "allocate":
            return {"bytes": len(bytearray(question["bytes"]))}
        case "recurse":
            return {"depth": deeper(0)}
        case "pid":
            return {"pid": os.getpid()}
        case misdeed:
            MISDEEDS[misdeed]()
    return {}


if __name__ == "__main__":
    answer_questions(int(sys.argv[1]), answer)
