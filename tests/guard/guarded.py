"""A guard in front of a real listener, in this process."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pynetdicom import AE

from gateway.adapters.dicomnet.listener import Listener
from gateway.adapters.dicomnet.storage_service import verification_service
from gateway.adapters.guard.guard import Guard
from gateway.domain.audit import AuditEvent
from gateway.domain.node import Limits, Node, Peer

BOUND_S = 10.0
LARGEST_GROWTH_MIB = 256
FORGET_PEAK = Path("/proc/self/clear_refs")
SHORT = Limits(
    associations=6,
    associations_per_peer=3,
    handshake_s=1.0,
    header_s=1.0,
    body_s=1.0,
    idle_s=5.0,
    message_bytes=2 * 2**20,
    pdu_bytes=2**18,
)


@dataclass
class Guarded:
    """Where it listens, what it refused, and what it told."""

    port: int
    guard: Guard
    told: list[AuditEvent] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)


def node(**given: object) -> Node:
    made = Node(
        "test", "LINAC", "127.0.0.1", 0, {"PEER": Peer("PEER", "127.0.0.1", 0)}, limits=SHORT
    )
    return replace(made, **given)  # type: ignore[arg-type]  # fields of Node


@contextmanager
def guarded(made: Node, workers: int = 1, gone: int = 0) -> Iterator[Guarded]:
    """Run it until the block ends, with so many workers beside others that are gone.

    No thread may have ended by an exception, and no memory been taken beyond LARGEST_GROWTH_MIB.
    """
    before_mib = resident_mib()
    FORGET_PEAK.write_text("5")
    broken: list[str] = []
    hook, threading.excepthook = threading.excepthook, lambda args: broken.append(repr(args))
    with TemporaryDirectory(prefix="guard") as folder:
        here = [Path(folder) / f"{number}.sock" for number in range(workers)]
        listeners = [Listener(made, [verification_service()], path) for path in here]
        paths = [Path(folder) / f"gone-{number}" for number in range(gone)] + here
        told: list[AuditEvent] = []
        loop, ready = asyncio.new_event_loop(), threading.Event()
        guard = Guard(made, paths, told.append)
        ports: list[int] = []

        async def serve(stop: asyncio.Event) -> None:
            ports.append(await guard.start())
            ready.set()
            await stop.wait()
            await guard.aclose()

        stop = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(stop),))
        thread.start()
        try:
            assert ready.wait(10)
            yield Guarded(ports[0], guard, told, broken)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(20)
            loop.close()
            for listener in listeners:
                listener.close()
            threading.excepthook = hook
    assert not thread.is_alive()
    assert broken == []
    assert resident_mib("VmHWM") - before_mib < LARGEST_GROWTH_MIB


def resident_mib(which: str = "VmRSS") -> float:
    """Memory of this process, now or at its peak (proc_pid_status(5))."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    raise AssertionError(which)


def echo(port: int, calling: str = "PEER", called: str = "LINAC") -> int | None:
    """The status of a C-ECHO by a well-behaved client; None where it is not let in."""
    entity = AE(calling)
    entity.add_requested_context("1.2.840.10008.1.1")
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout", "connection_timeout"):
        setattr(entity, timeout, 10)
    association = entity.associate(
        "127.0.0.1", port, ae_title=called, bind_address=("127.0.0.1", 0)
    )
    try:
        if not association.is_established:
            return None
        return int(association.send_c_echo().Status)
    finally:
        association.release()
        if association.is_alive():
            association.join(10)


def echo_soon(port: int, calling: str = "PEER") -> bool:
    """Whether a well-behaved client is served within BOUND_S."""
    until = time.monotonic() + BOUND_S
    while time.monotonic() < until:
        if echo(port, calling) == 0x0000:
            return True
    return False


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold, within BOUND_S."""
    until_s = time.monotonic() + BOUND_S
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.01)
    return holds()
