"""Sessions that were spoiled in some place: none of them harms the node."""

import random
import socket

import pytest

from tests.guard.guarded import Guarded, echo_soon, guarded, node
from tests.guard.wire import answer, associate, data, pdu

ACCEPTED = 2
COMMAND = data(1, 3, bytes(68))
SESSION = COMMAND + data(1, 0, bytes(300)) + data(1, 2, bytes(20)) + pdu(5, bytes(4))


def spoiled(draw: random.Random, stream: bytes) -> bytes:
    """Bytes changed, cut away, put in, or said twice; up to six times."""
    spoiling = bytearray(stream)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(spoiling))
        match draw.randrange(4):
            case 0:
                spoiling[at] = draw.randrange(256)
            case 1:
                spoiling[at:] = draw.randbytes(draw.randrange(1, 40))
            case 2:
                spoiling[at:at] = draw.randbytes(draw.randrange(1, 9))
            case _:
                spoiling += spoiling[at : at + 200]
    return bytes(spoiling)


def session(client: socket.socket, draw: random.Random) -> bool:
    """A spoiled request, or a good one and what follows it spoiled; whether it was accepted."""
    good = draw.random() < 0.6
    client.sendall(associate() if good else spoiled(draw, associate()))
    if not good:
        client.shutdown(socket.SHUT_WR)
    kind, _ = answer(client)
    if good and kind == ACCEPTED:
        client.sendall(spoiled(draw, SESSION))
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            continue
    return kind == ACCEPTED


def hammer(served: Guarded, sessions: int, seed: int) -> int:
    """How many sessions came in."""
    draw, accepted = random.Random(seed), 0
    for _ in range(sessions):
        with served.connect() as client:
            try:
                accepted += session(client, draw)
            except ConnectionError:
                continue
    return accepted


@pytest.mark.parametrize("sessions", [300, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_spoiled_sessions_break_nothing(sessions: int) -> None:
    with guarded(node()) as served:
        accepted = hammer(served, sessions, 7)
        assert accepted > sessions // 4
        assert echo_soon(served.port)
        assert served.guard.refused.total() > sessions // 4
