"""Mosquitto, Debian's broker, on the loopback interface."""

import base64
import getpass
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

from tests import peers
from tests.node_service.serving import free_port

CONFIG = """
listener {port} 127.0.0.1
user {user}
persistence true
persistence_location {folder}/
log_dest file {folder}/mosquitto.log
allow_anonymous {anonymous}
max_queued_messages 0
set_tcp_nodelay true
"""


class Mosquitto:
    """A broker that can be killed, and started again on its port."""

    def __init__(self, folder: Path, *, anonymous: bool = True, more: str = "") -> None:
        if "/usr/sbin" not in os.environ["PATH"].split(":"):
            os.environ["PATH"] += ":/usr/sbin"
        self._program = peers.program("mosquitto", "mosquitto")
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            CONFIG.format(
                port=self.port,
                user=getpass.getuser(),
                folder=folder,
                anonymous="true" if anonymous else "false",
            )
            + more
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while True:
            assert self._process.poll() is None, "mosquitto ended"
            try:
                create_connection(("127.0.0.1", self.port), 1.0).close()
            except OSError:
                continue
            return

    def kill(self) -> None:
        """As a power failure would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As it should be; idempotent."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


@contextmanager
def mosquitto(folder: Path, *, anonymous: bool = True, more: str = "") -> Iterator[Mosquitto]:
    """Runs until the block ends."""
    broker = Mosquitto(folder, anonymous=anonymous, more=more)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def hashed(user: str, password: str) -> str:
    """A line of a password file: PBKDF2 with SHA-512, as mosquitto_passwd writes it."""
    salt, iterations = b"linacgateway", 101
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    kept = "$".join(
        ("$7", str(iterations), *(base64.b64encode(one).decode() for one in (salt, key)))
    )
    return f"{user}:{kept}\n"
