"""Short turns: asked for within the block, given back after it, and nothing where it cannot be.

Large writes are many short ones, whatever the system takes of each.
"""

import ctypes
import os
import platform
import sys
import threading
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway import turns
from gateway.turns import SHORT_NS, WRITTEN_BYTES, short_turns, write_in_turns

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

GET = {"x86_64": 315, "aarch64": 275}


def turn_ns() -> int:
    """What the system says of this thread, read by its own layout (sched_setattr(2))."""
    attributes = (ctypes.c_uint64 * 6)()
    number = GET[platform.machine()]
    assert ctypes.CDLL(None).syscall(number, 0, attributes, ctypes.sizeof(attributes), 0) == 0
    return attributes[3]


@pytest.fixture
def _asked_for() -> None:
    if sys.platform != "linux" or platform.machine() not in GET:
        pytest.skip("a system without sched_setattr")
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        pytest.skip("scheduled in real time")


@pytest.mark.usefixtures("_asked_for")
def test_turns_are_short_within_the_block_only() -> None:
    before_ns = turn_ns()
    with short_turns():
        assert turn_ns() in (SHORT_NS, before_ns)  # a system before 6.12 leaves it
    assert turn_ns() == before_ns


@pytest.mark.usefixtures("_asked_for")
def test_a_thread_started_within_the_block_has_the_turns_of_the_system() -> None:
    before_ns, of_thread_ns = turn_ns(), []
    with short_turns():
        thread = threading.Thread(target=lambda: of_thread_ns.append(turn_ns()))
        thread.start()
        thread.join()
    assert of_thread_ns == [before_ns]


def test_a_system_without_the_call_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns.platform, "machine", lambda: "riscv64")
    with short_turns():
        pass


class Taking(FileIO):
    """A file that takes at most so many bytes of a write, and says how many it was offered."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path, "w")
        self.offered: list[int] = []
        self._most = most

    def write(self, content: "ReadableBuffer", /) -> int:
        self.offered.append(len(memoryview(content)))
        return super().write(memoryview(content)[: self._most])


@pytest.mark.parametrize("most", [WRITTEN_BYTES, 1000, WRITTEN_BYTES - 1])
@pytest.mark.parametrize("size", [0, 1, WRITTEN_BYTES, WRITTEN_BYTES + 1, 5 * WRITTEN_BYTES // 2])
def test_a_large_write_is_many_short_ones(tmp_path: Path, size: int, most: int) -> None:
    content = np.arange(size, dtype=np.uint32).astype(np.uint8)
    with Taking(tmp_path / "file", most) as file:
        write_in_turns(file, content.data)
    assert (tmp_path / "file").read_bytes() == content.tobytes()
    assert max(file.offered, default=0) <= WRITTEN_BYTES
