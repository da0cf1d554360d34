"""The line to ``serve``: commands out, answers in, each by its key."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

Tell = Callable[[Mapping[str, Any]], None]


class ServiceLine:
    """Sends commands and keeps what was answered. Threads may share it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._turn = threading.Lock()
        self._news = threading.Condition()
        self._waited: dict[str, Mapping[str, Any] | None] = {}

    def send(self, command: Mapping[str, Any]) -> None:
        """Give a command. Raises OSError where nobody is there."""
        with self._turn:
            self._tell({"command": dict(command)})

    def ask(self, command: Mapping[str, Any], bound_s: float) -> Mapping[str, Any] | None:
        """Give a command and wait for its first answer; None where none came."""
        key = command["key"]
        with self._news:
            self._waited[key] = None
        try:
            self.send(command)
            with self._news:
                self._news.wait_for(lambda: self._waited[key] is not None, bound_s)
                return self._waited[key]
        finally:
            with self._news:
                del self._waited[key]

    def answered(self, answer: Mapping[str, Any]) -> None:
        """Take an answer."""
        with self._news:
            if answer["key"] in self._waited:
                self._waited[answer["key"]] = answer
                self._news.notify_all()
