"""A linac controller that follows a script."""

from typing import Any

import numpy as np

from drivers.framing import encode_frame
from drivers.incremental import IncrementalDecoder
from drivers.linac import codec as lcp
from drivers.linac import messages as m
from gateway.domain.delivery import Interlock, MachineState
from tests.drivers.peers import Peer, receiver, said
from tests.drivers.rooms import MACHINE

AXIS_LAYOUT = MACHINE.layout
WELCOME = m.Welcome(
    1, 20_000, 250, "House", "Small", "1", "1.0", AXIS_LAYOUT.scalars, (m.Mlc("MLCX", 2),)
)
POSITIONS = bytes(4 * AXIS_LAYOUT.size)
READ_BACK = m.ReadBackReply(
    MachineState.PREPARED,
    Interlock.NONE,
    1,
    "6X",
    ("wedge 1",),
    0,
    10_000_000,
    1,
    np.zeros(AXIS_LAYOUT.size, np.int32),
)


def counter(asked: m.ReadCounter, beam_number: int, *, known: bool) -> m.Counter:
    """The counter of a beam at 2.5 MU, or of one that was never loaded."""
    return m.Counter(known, asked.token, beam_number, 0, 2_500_000 * known, finished=False)


class LinacPeer(Peer):
    """Accepts everything and mode-ups at once, unless told otherwise in ``answers``."""

    def __init__(self) -> None:
        super().__init__()
        self.events = 0
        self.samples = 0
        acknowledged = (
            *(m.LoadBegin, m.LoadEnd, m.BeamOn, m.Hold, m.Resume, m.Terminate, m.Unload),
        )
        self.answers = {
            m.Hello: lambda number, _: [said(lcp, number, WELCOME)],
            **dict.fromkeys(acknowledged, lambda number, _: [said(lcp, number, m.Ack())]),
            m.Prepare: lambda number, _: [
                said(lcp, number, m.Ack()),
                self.event(MachineState.PREPARED),
            ],
            m.AskReadBack: lambda number, _: [said(lcp, number, READ_BACK)],
            m.ReadCounter: lambda number, asked: [
                said(lcp, number, counter(asked, asked.beam_number, known=True))
            ],
        }

    def refuse(self, kind: type, code: m.NakCode) -> None:
        """Answer ``kind`` with NAK."""
        self.answers[kind] = lambda number, _: [said(lcp, number, m.Nak(code, "no"))]

    def event(self, state: MachineState, code: str = "") -> bytes:
        """The next EVENT."""
        self.events += 1
        return said(
            lcp, self.events, m.Event(0, state, Interlock.NONE, code or state.name, "because")
        )

    def sample(self, state: MachineState) -> bytes:
        """The next TELEMETRY."""
        self.samples += 1
        head = lcp._SAMPLE.pack(0, state, 0, 0, 1, 0, 0, 0, AXIS_LAYOUT.size)
        return encode_frame(lcp.FORMAT, 0x84, self.samples, head + POSITIONS)

    def _decoder(self) -> IncrementalDecoder[tuple[int, Any]]:
        self.events = self.samples = 0
        return receiver(lcp)
