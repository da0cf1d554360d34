"""``python -m tests.bench.raw_receiver FOLDER``: pynetdicom as it comes, writing what it gets."""

import json
import sys
from itertools import count
from pathlib import Path

from pynetdicom import AE, AllStoragePresentationContexts, evt

PDU_BYTES = 2**17


def main(folder: Path) -> None:
    """Receive until the standard input ends; the port is the first line of the output."""
    numbers = count()

    def keep(event: evt.Event) -> int:
        with (folder / f"{next(numbers)}.dcm").open("wb") as file:
            file.write(event.encoded_dataset())
        return 0x0000

    entity = AE("RAW")
    entity.maximum_pdu_size = PDU_BYTES
    entity.supported_contexts = AllStoragePresentationContexts
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)]
    )
    assert server is not None
    sys.stdout.write(json.dumps({"port": server.server_address[1]}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
