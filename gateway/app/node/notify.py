"""Telling the service manager (systemd's notify protocol) how the service stands."""

import asyncio
import os
import socket

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


def notify(state: str) -> None:
    """Send ``READY=1``, ``STOPPING=1`` or the like where a service manager listens."""
    address = os.environ.get(SOCKET, "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.settimeout(0)
        try:
            one.sendto(state.encode(), address.replace("@", "\0", 1))
        except OSError:
            return  # who does not listen is not waited for


async def keep_alive() -> None:
    """Tell the manager's watchdog, twice in its time, that the loop runs; until cancelled."""
    wanted = os.environ.get(WATCHDOG, "")
    mine = os.environ.get(WATCHDOG_PID, str(os.getpid())) == str(os.getpid())
    if not wanted.isdigit() or int(wanted) == 0 or not mine:
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(int(wanted) / 2e6)
