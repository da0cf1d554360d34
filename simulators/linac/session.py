"""One connection to the controller: bytes in, bytes out, no I/O."""

from collections.abc import Iterable

from gateway.domain.errors import RemoteProtocolError
from gateway.domain.units import NS_PER_S
from simulators.control import Control
from simulators.linac.desk import Desk
from simulators.linac.messages import Event, Hello, Nak, NakCode, Sample
from simulators.wire.lcp import (
    PROTOCOL,
    Request,
    RequestDecoder,
    Welcome,
    encode_event,
    encode_reply,
    encode_telemetry,
    encode_welcome,
)

_US_PER_S = 1_000_000
_MS_PER_S = 1000


class LinacSession:
    """Speaks LCP/1 for one client of ``desk``'s machine; samples and events are counted here."""

    def __init__(self, desk: Desk, control: Control) -> None:
        self._desk = desk
        self._control = control
        self._decoder = RequestDecoder()
        self._welcomed = False
        self._samples = 0
        self._events = 0

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """What goes back for ``data``. Raises RemoteProtocolError when the link is broken."""
        return b"".join(self._answer(request, t_ns) for request in self._decoder.feed(data))

    def tell(self, happened: Iterable[Event | Sample]) -> bytes:
        """Events and telemetry for the client; nothing before it is welcomed."""
        if not self._welcomed:
            return b""
        return b"".join(
            [
                self.sample(thing) if isinstance(thing, Sample) else self.event(thing)
                for thing in happened
            ]
        )

    def close(self, t_ns: int) -> None:
        """The connection is gone."""
        if self._control.leave(self):
            self._welcomed = False
            self._desk.leave(t_ns)

    def sample(self, sample: Sample) -> bytes:
        """The next TELEMETRY."""
        self._samples += 1
        return encode_telemetry(sample, self._samples)

    def event(self, event: Event) -> bytes:
        """The next EVENT."""
        self._events += 1
        return encode_event(event, self._events)

    def _answer(self, request: Request, t_ns: int) -> bytes:
        if isinstance(request.message, Hello):
            return self._greet(request.message, request.sequence)
        if not self._welcomed:
            raise RemoteProtocolError(f"{type(request.message).__name__} came before HELLO")
        reply, events = self._desk.handle(request.message, t_ns)
        answer = b"" if reply is None else encode_reply(reply, request.sequence)
        return answer + self.tell(events)

    def _greet(self, hello: Hello, sequence: int) -> bytes:
        if hello.protocol != PROTOCOL:
            text = f"protocol {hello.protocol} is not spoken here, {PROTOCOL} is"
            return encode_reply(Nak(NakCode.UNSUPPORTED, text), sequence)
        if not self._control.take(self):
            return encode_reply(Nak(NakCode.BUSY, "another connection has control"), sequence)
        self._welcomed = True
        return encode_welcome(self._welcome(), sequence)

    def _welcome(self) -> Welcome:
        linac = self._desk.linac
        model = linac.model
        return Welcome(
            PROTOCOL,
            round(model.sample_period_s * _US_PER_S),
            linac.dead_man_ns * _MS_PER_S // NS_PER_S,
            model.manufacturer,
            model.model_name,
            model.serial_number,
            model.software_version,
            linac.layout,
        )
