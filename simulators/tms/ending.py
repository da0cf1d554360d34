"""Associations that end at once, whatever state they are in."""

import socket
from contextlib import suppress

from pynetdicom.association import Association

END_S = 5.0


def hang_up(association: Association) -> None:
    """Close the connection, without a word; nothing is answered afterwards."""
    transport = association.dul.socket
    connection = None if transport is None else transport.socket
    if connection is not None:  # the peer may have hung up before
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    association.is_aborted = True
    association.kill()


def end(association: Association) -> None:
    """Abort, or hang up where nothing is established that could be aborted (PS3.8 9.2.3, Sta2)."""
    if association.is_established:
        association.abort()
    else:
        hang_up(association)
        association.dul.to_user_queue.put(None)  # who waits for a request goes on
    association.dimse.msg_queue.put((None, None))  # and who waits for an answer
    if association.is_alive():
        association.join(END_S)
