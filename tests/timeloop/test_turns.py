"""Short turns: asked for within the block, given back after it, and nothing where it cannot be."""

import ctypes
import os
import platform
import sys
import threading

import pytest

from gateway import turns
from gateway.turns import SHORT_NS, short_turns

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
