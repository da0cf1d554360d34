"""A process that writes to a store until it is killed, and says what was acknowledged."""

import asyncio
import itertools
import sys
from pathlib import Path

from gateway.adapters.store import StoreWriter, open_store
from tests.store.builders import ONE

ROWS = bytes(range(200))


async def write(store: StoreWriter) -> None:
    """Events, samples and files in turn; each is said once it is acknowledged."""
    first = len(store.events(ONE))
    for number in itertools.count(first):
        event = await store.append(ONE, "note", {"number": number}, number)
        say("event", event.sequence, event.sha256)
        await store.append_samples(ONE, 1, ROWS, 1)
        say("samples", 1)
        name = f"file-{number % 3}"
        await store.keep_file(ONE, name, str(number).encode() * 1000, number)
        say("file", name, number)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    opened = open_store(Path(sys.argv[1]))
    say("ready")
    asyncio.run(write(opened))
