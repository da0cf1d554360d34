"""One connection to the imager: bytes in; bytes and slow work out, in order. No I/O."""

from collections.abc import Iterator
from enum import Enum, auto

from gateway.domain.errors import RemoteProtocolError
from gateway.domain.machine import PanelModel
from simulators.control import Control
from simulators.epid.messages import (
    Command,
    Exposure,
    Finish,
    Hello,
    Nak,
    NakCode,
    Start,
    Welcome,
)
from simulators.epid.panel import Panel, Refused
from simulators.wire.pfp import (
    PROTOCOL,
    RequestDecoder,
    encode_ack,
    encode_finished,
    encode_nak,
    encode_welcome,
)

SOFTWARE_VERSION = "simulated 1.0"
_MICRO = 1000
_MILLI = 1000


class Turn(Enum):
    """Where an acquisition begins and ends among what a connection hands out."""

    BEGIN = auto()
    END = auto()


Output = bytes | Exposure | Turn
"""What a connection hands out: bytes to send as they are, or work that ends in a frame."""


class ImagerSession:
    """Speaks PFP/1 for one client of ``panel``."""

    def __init__(self, model: PanelModel, panel: Panel, control: Control) -> None:
        self._model = model
        self._panel = panel
        self._control = control
        self._decoder = RequestDecoder()
        self._welcomed = False

    @property
    def in_control(self) -> bool:
        """Whether frames go to this client."""
        return self._welcomed

    def receive(self, data: bytes) -> Iterator[Output]:
        """What follows from ``data``. Raises RemoteProtocolError when the link is broken."""
        for request in self._decoder.feed(data):
            try:
                yield from self.handle(request.message, request.sequence)
            except Refused as refusal:
                yield encode_nak(refusal.nak, request.sequence)

    def handle(self, message: Command, sequence: int) -> Iterator[Output]:
        """What follows from one request. Raises Refused."""
        match message:
            case Hello():
                yield self._greet(message, sequence)
            case _ if not self._welcomed:
                raise RemoteProtocolError(f"{type(message).__name__} came before HELLO")
            case Start():
                self._panel.start(message)
                yield Turn.BEGIN
                yield encode_ack(sequence)
            case Finish():
                exposures, frames = self._panel.finish()
                yield from exposures
                yield Turn.END
                yield self.finished(frames, sequence)

    def finished(self, frames: int, sequence: int) -> bytes:
        """FINISHED."""
        return encode_finished(frames, sequence)

    def close(self) -> None:
        """The connection is gone, and what was integrated with it."""
        if self._control.leave(self):
            self._welcomed = False
            self._panel.abandon()

    def _greet(self, hello: Hello, sequence: int) -> bytes:
        if hello.protocol != PROTOCOL:
            text = f"protocol {hello.protocol} is not spoken here, {PROTOCOL} is"
            return encode_nak(Nak(NakCode.UNSUPPORTED, text), sequence)
        if not self._control.take(self):
            return encode_nak(Nak(NakCode.BUSY, "another connection has control"), sequence)
        self._welcomed = True
        return encode_welcome(self._welcome(), sequence)

    def _welcome(self) -> Welcome:
        model = self._model
        return Welcome(
            PROTOCOL,
            model.rows,
            model.columns,
            round(model.pitch_mm * _MICRO),
            round(model.sid_mm * _MICRO),
            model.bits,
            round(model.maximum_frame_rate_hz * _MILLI),
            model.manufacturer,
            model.model_name,
            model.serial_number,
            SOFTWARE_VERSION,
        )
