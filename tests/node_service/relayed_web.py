"""In place of the web's process: what comes over a socket goes to the service, and back."""

import socket
import sys
import threading


def main() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.connect(sys.argv[-1])
        sys.stdout.write('{"ready": true, "url": "http://relayed"}\n')
        sys.stdout.flush()
        threading.Thread(target=to_service, args=(peer,), daemon=True).start()
        for line in sys.stdin:
            peer.sendall(line.encode())


def to_service(peer: socket.socket) -> None:
    for line in peer.makefile():
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
