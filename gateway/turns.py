"""How long the system lets a thread run before it looks at others.

A thread that asks for short turns is let in at once when it wakes up beside one of longer turns
(EEVDF, Linux 6.12 and later: ``sched_runtime`` of sched_setattr(2)). It gets no more of the
processor than before, and needs no privilege. Older systems ignore it. Threads and processes that
it starts have the system's own turns: one as short as its own would keep it waiting for a whole
tick of the clock.

A system may not take the processor from a thread that is in a call, so long calls are turns too.
"""

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO

SHORT_NS = 100_000
"""The shortest that the system takes."""
USUAL_NS = 0
"""The system's own."""

WRITTEN_BYTES = 64 * 2**10
"""A turn of about 0.1 ms."""

NICENESS = 5
"""Behind everything that has to be on time, and not so far that nothing gets done."""

_SET_AND_GET = {"x86_64": (314, 315), "aarch64": (274, 275)}
"""Numbers of the two system calls, which the C library does not offer."""
_SCHED_OTHER = 0
_RESET_ON_FORK = 1
"""A privileged program alone may take this back, so a thread that has asked once keeps it."""


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


@contextmanager
def short_turns() -> Iterator[None]:
    """Within the block this thread has short turns, unless it is scheduled in real time."""
    ask_for_turns(SHORT_NS)
    try:
        yield
    finally:
        ask_for_turns(USUAL_NS)


def ask_for_turns(length_ns: int) -> None:
    """Ask for turns of that length; USUAL_NS for the system's own."""
    calls = _SET_AND_GET.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return
    set_attributes, get_attributes = calls
    attributes = _Attributes()
    size = ctypes.sizeof(attributes)
    system = ctypes.CDLL(None)
    this_thread, no_flags = 0, 0
    if system.syscall(get_attributes, this_thread, ctypes.byref(attributes), size, no_flags):
        return
    if attributes.policy == _SCHED_OTHER:
        attributes.size, attributes.runtime = size, length_ns
        attributes.flags = _RESET_ON_FORK
        system.syscall(set_attributes, this_thread, ctypes.byref(attributes), no_flags)


def stand_back() -> None:
    """This process comes after those that deliver, and has no real-time scheduling from them.

    For a process that only shows or tells, at its begin: threads that are there keep what they had.
    """
    if sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(NICENESS)


def write_in_turns(file: FileIO, content: bytes | memoryview) -> None:
    """Write all of ``content``, a little at a time. Raises OSError.

    A portal frame of 1190 x 1190 pixels in one call is a turn of 5 to 8 ms.
    """
    left = memoryview(content).cast("B")
    while left:
        left = left[file.write(left[:WRITTEN_BYTES]) :]
