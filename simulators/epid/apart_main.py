"""The process that makes frames: its whole life, from the socket that it is given to its end."""

import os
import pickle
import socket
import sys
from typing import BinaryIO

from gateway.turns import stand_back, write_in_turns
from simulators.epid.apart import REPLY


def main() -> None:
    """Make frames until the room lets the socket go."""
    stand_back()
    with socket.socket(fileno=int(sys.argv[1])) as room, room.makefile("rb") as requests:
        try:
            _serve(room, requests)
        except (EOFError, pickle.UnpicklingError, ConnectionError):
            return


def _serve(room: socket.socket, requests: BinaryIO) -> None:
    """Every connection has a renderer of its own; one connection at a time has images."""
    from simulators.epid.renderer import Renderer  # noqa: PLC0415 - it loads for a second or two

    setup = pickle.load(requests)  # noqa: S301 - from the room that started it
    renderer, connected = Renderer(*setup), 0
    renderer.rehearse()
    _reply(room, None)
    while True:
        connection, exposure = pickle.load(requests)  # noqa: S301 - as above
        if connection != connected:
            renderer, connected = Renderer(*setup), connection
        if exposure is None:
            renderer.begin()
            frame = None
        else:
            frame = renderer.expose(exposure)
        _reply(room, frame)


def _reply(room: socket.socket, frame: bytes | None) -> None:
    if frame is None:
        room.sendall(REPLY.pack(0))
        return
    file = os.memfd_create("frame")
    try:
        with open(file, "wb", buffering=0, closefd=False) as written:
            write_in_turns(written, frame)
        socket.send_fds(room, (REPLY.pack(len(frame)),), (file,))
    finally:
        os.close(file)


if __name__ == "__main__":
    main()
