"""An association's thread waits for what it has to do; pynetdicom looks once in a millisecond.

Its loop passes a checkpoint each time round. Here that checkpoint is passed when a message or a
primitive has come, and else only a few times in a second.
"""

import queue
import threading
from typing import Any

from pynetdicom.association import Association

LONGEST_WAIT_S = 0.1
"""What nobody announces, the end of the other thread or a timeout, is looked for so often."""


class Checkpoint(threading.Event):
    """pynetdicom's ``_reactor_checkpoint``: held while another thread asks something."""

    def __init__(self, messages: "queue.Queue[Any]") -> None:
        super().__init__()
        self._news = threading.Event()
        self._messages = messages
        self.set()

    def set(self) -> None:
        """Let the loop go on."""
        super().set()
        self._news.set()

    def announce(self) -> None:
        """There is something to do."""
        self._news.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the loop may go on and has something to do."""
        if self._messages.empty():
            self._news.wait(LONGEST_WAIT_S)
        self._news.clear()
        return super().wait(timeout)


class AnnouncedQueue(queue.Queue[Any]):
    """A queue that announces what is put into it."""

    def __init__(self) -> None:
        super().__init__()
        self.checkpoint: Checkpoint | None = None

    def _put(self, item: object) -> None:
        super()._put(item)
        if self.checkpoint is not None:
            self.checkpoint.announce()


def wait_for_news(association: Association) -> None:
    """Make the loop of an association that has not begun wait as the module says."""
    messages, primitives = AnnouncedQueue(), AnnouncedQueue()
    checkpoint = Checkpoint(messages)
    messages.checkpoint = primitives.checkpoint = checkpoint
    association.dimse.msg_queue = messages
    association.dul.to_user_queue = primitives
    association._reactor_checkpoint = checkpoint  # noqa: SLF001 - it has no other seam
