"""A portal imager that follows a script."""

from typing import Any

from drivers.epid import codec as pfp
from drivers.epid import messages as p
from drivers.incremental import IncrementalDecoder
from tests.drivers.peers import Peer, receiver, said


class EpidPeer(Peer):
    """Welcomes, starts and finishes without a frame, unless told otherwise in ``answers``."""

    def __init__(self) -> None:
        super().__init__()
        welcome = p.Welcome(1, 4, 6, 400, 1_500_000, 16, 25_000, "House", "P", "1", "2.0")
        self.answers = {
            p.Hello: lambda number, _: [said(pfp, number, welcome)],
            p.Start: lambda number, _: [said(pfp, number, p.Ack())],
            p.Finish: lambda number, _: [said(pfp, number, p.Finished(0))],
        }

    def _decoder(self) -> IncrementalDecoder[tuple[int, Any]]:
        return receiver(pfp)
