"""``python -m tests.node_storage.receiving ROOT``: the listener as a process; its port is told."""

import sys
from pathlib import Path

import pytest

from tests.node_storage.serving import serving


def main(folder: str) -> None:
    with pytest.MonkeyPatch.context() as patched, serving(Path(folder), patched) as served:
        sys.stdout.write(f"{served.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
