"""Answers that wait for the caller's C-CANCEL, however fast the two sides are."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from pynetdicom import evt

from gateway.adapters.dicomnet.service import Handler, Service
from tests.node_query.objects import TIMEOUT_S


class _Cancels(dict[int, Any]):
    """The C-CANCELs that pynetdicom keeps of an association, and whether one has come."""

    def __init__(self) -> None:
        super().__init__()
        self.come = threading.Event()

    def __setitem__(self, message_id: int, cancel: Any) -> None:
        super().__setitem__(message_id, cancel)
        self.come.set()


def waiting_for_cancel(service: Service, steps: int) -> Service:
    """``service``, whose handlers go on after ``steps`` steps only once a C-CANCEL has come."""
    return replace(
        service,
        handlers={asked: _waiting(handler, steps) for asked, handler in service.handlers.items()},
    )


def _waiting(handler: Handler, steps: int) -> Handler:
    def answer(event: evt.Event) -> Iterator[Any]:
        event.assoc.dimse.cancel_req = cancels = _Cancels()
        answers = handler(event)
        yield from islice(answers, steps)
        cancels.come.wait(TIMEOUT_S)
        yield from answers

    return answer
