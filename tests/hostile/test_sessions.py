"""Sessions that never end, never begin, or make no sense, against the whole service."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gateway.adapters.dicomnet.store_commands import store_command
from gateway.dicom.sop_classes import RT_PLAN
from tests.guard.test_guard import SlowSender, begins, silent, stops_in_a_pdu
from tests.guard.test_mutations import hammer
from tests.guard.wire import answer, associate
from tests.hostile.client import Turned, association, fragment
from tests.hostile.objects import MIB
from tests.hostile.service import Attacked, attacked

ACCEPTED = 2


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    with attacked(tmp_path_factory.mktemp("sessions")) as running:
        yield running


@pytest.mark.parametrize("sessions", [100, pytest.param(10_000, marks=pytest.mark.soak)])
def test_spoiled_sessions(service: Attacked, sessions: int) -> None:
    assert hammer(service, sessions, 11) > sessions // 4  # type: ignore[arg-type]  # it connects
    service.require_calm()


def test_a_pdu_of_four_gibibytes(service: Attacked) -> None:
    with service.connect() as client:
        client.sendall(associate())
        assert answer(client)[0] == ACCEPTED
        assert pushed(client.sendall, b"\x04\0\xff\xff\xff\xff" + bytes(2**16), 64) < 16
    service.require_calm()


@pytest.mark.parametrize(
    ("control", "most_mib"),
    [(1, 64), pytest.param(0, 1200, marks=pytest.mark.soak)],
    ids=["of a command", "of an object"],
)
def test_fragments_without_end(service: Attacked, control: int, most_mib: int) -> None:
    """A command is cut at once; an object goes to the disk up to what a message may have."""
    with association(service.port, "ACCEPT", RT_PLAN) as client:
        if control == 0:
            client.push(fragment(3, store_command(RT_PLAN, "1.2.3", 1)))
        sent_mib = pushed(client.push, fragment(control, bytes(2**19)), most_mib)
        assert sent_mib < most_mib
    service.require_calm()
    assert not list(Path(service.store / "node" / "objects").glob(".*"))


def pushed(push: object, part: bytes, most_mib: int) -> float:
    """How many MiB went before the other side had enough."""
    sent = 0
    while sent < most_mib * MIB:
        try:
            push(part)  # type: ignore[operator]  # takes bytes
        except (OSError, Turned):
            break
        sent += len(part)
    return sent / MIB


@pytest.mark.parametrize("knock", [silent, begins, stops_in_a_pdu])
@pytest.mark.parametrize("count", [150, pytest.param(1_000, marks=pytest.mark.soak)])
def test_half_open_associations(service: Attacked, knock: object, count: int) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(service.connect())
            try:
                knock(client)  # type: ignore[operator]  # takes a socket
            except ConnectionError:
                continue
        service.require_calm()


@pytest.mark.parametrize("for_s", [3.0, pytest.param(180.0, marks=pytest.mark.soak)])
def test_slow_senders(service: Attacked, for_s: float) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(SlowSender(service))) for _ in range(12)]  # type: ignore[arg-type]  # it connects
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            for sender in slow:
                sender.send()
            assert service.serves()
    service.require_calm()
