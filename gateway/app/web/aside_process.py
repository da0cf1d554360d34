"""``STORE CONFIG ROOM``: one task from standard input, its result on standard output."""

import json
import os
import resource
import sys
from pathlib import Path

from gateway.app.web.aside_tasks import do_task
from gateway.domain.errors import GatewayError
from gateway.settings import load_settings

MEMORY_BYTES = 4 * 2**30
NICE = 10


def main(arguments: list[str]) -> int:
    """See the module."""
    store, config, room = arguments
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    said = json.load(sys.stdin)
    try:
        settings = load_settings(Path(config) if config else None, Path(store))
        answer = {"result": do_task(settings, room, said)}
    except GatewayError as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
