"""``python -m tests.bench.bare_worker STORE CONFIG NODE SOCKET ROOM``: a worker that has no guard.

It is the node's worker but for one thing: it listens on a port of the loopback interface, which is
in the line that says it is ready.
"""

import json
import socket
import sys
from pathlib import Path

from gateway.adapters.dicomnet import listener
from gateway.app.node.child_main import run_child
from gateway.app.node.worker_process import work


class OpenServer(listener.UnixServer):
    """On a port in place of a path."""

    def server_bind(self) -> None:
        if self.socket is not None:
            self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.bind(("127.0.0.1", 0))
        sys.stdout.write(json.dumps({"port": self.socket.getsockname()[1]}) + "\n")
        sys.stdout.flush()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def server_close(self) -> None:
        self.path = Path("/nonexistent")
        super().server_close()


if __name__ == "__main__":
    listener.UnixServer = OpenServer  # type: ignore[misc]  # for this process only
    sys.exit(run_child(work))
