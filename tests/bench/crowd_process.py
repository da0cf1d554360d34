"""``python -m tests.bench.crowd_process PORT READERS STALLED``: viewers in a process of their own.

A line when all have joined; at the end of standard input one more, how many updates each reader
had. It is nice: viewers sit at other computers, which take nothing from the service's.
"""

import asyncio
import json
import os
import sys

from tests.web.crowd import readers, stalled

NICE = 19


async def main(port: int, reading: int, still: int) -> None:
    """See the module."""
    os.nice(NICE)
    async with stalled(port, still), readers(port, reading) as joined:
        print(json.dumps({"joined": reading + still}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        texts = [one.texts for one in joined]
    print(json.dumps({"texts": texts}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
