"""One LCP/1 conversation, gateway's side: numbering, matching, order. No I/O, no clock.

HELLO comes first and nothing else until WELCOME; then any number of requests may be open at
once. Whatever the page does not allow raises: LocalProtocolError when this side asks for it (the
conversation goes on), RemoteProtocolError when the machine does it (the conversation is over).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.ledger import Reply, RequestLedger
from drivers.linac import codec
from drivers.linac import messages as m
from gateway.domain.axes import AxisLayout
from gateway.domain.errors import LocalProtocolError, MachineFault, RemoteProtocolError


@dataclass(frozen=True, slots=True)
class Sample:
    """A TELEMETRY with its place in the connection's count."""

    sequence: int
    telemetry: m.Telemetry


Pushed = m.Event | Sample
Incoming = Reply[m.Answer] | Pushed


_ACK = frozenset({m.Ack})
_ACK_OR_NAK = frozenset({m.Ack, m.Nak})
ANSWERED_BY: Mapping[type, frozenset[type]] = {
    m.Hello: frozenset({m.Welcome, m.Nak}),
    m.LoadBegin: _ACK_OR_NAK,
    m.LoadEnd: _ACK_OR_NAK,
    m.Prepare: _ACK_OR_NAK,
    m.BeamOn: _ACK_OR_NAK,
    m.Hold: _ACK_OR_NAK,
    m.Resume: _ACK_OR_NAK,
    m.Terminate: _ACK,
    m.AskReadBack: frozenset({m.ReadBackReply, m.Nak}),
    m.ReadCounter: frozenset({m.Counter}),
    m.Unload: _ACK_OR_NAK,
}


class LinacProtocol:
    """What has been said on one connection."""

    def __init__(self) -> None:
        self._decoder = codec.answer_decoder(self._accept)
        self._ledger = RequestLedger(ANSWERED_BY)
        self._greeted = False
        self._layout: AxisLayout | None = None
        self._events = 0

    def send(self, request: m.Request) -> tuple[int, bytes]:
        """The request's number and its frame. Raises LocalProtocolError."""
        if isinstance(request, m.Hello) == self._greeted:
            raise LocalProtocolError("HELLO comes first and once")
        if self._greeted and self._layout is None:
            raise LocalProtocolError(f"{type(request).__name__} before the machine's WELCOME")
        payload = codec.encode_payload(request)
        number = self._ledger.open(type(request))
        self._greeted = True
        return number, codec.frame(number, type(request), payload)

    def receive(self, data: bytes) -> list[Incoming]:
        """What ``data`` completes, in order, then :meth:`check`. Raises RemoteProtocolError."""
        return self._decoder.feed(data)

    def check(self) -> None:
        """Raises RemoteProtocolError for what stood behind the messages that came last."""
        self._decoder.check()

    def _accept(self, number: int, message: m.Message) -> Incoming:
        if isinstance(message, m.Telemetry):
            self._check_positions(message.positions.size)
            return Sample(number, message)
        if isinstance(message, m.Event):
            return self._accept_event(number, message)
        self._ledger.close(number, type(message))
        if isinstance(message, m.Nak):
            return Reply(number, MachineFault(message.code.name, message.text))
        if isinstance(message, m.Welcome):
            self._layout = welcomed_layout(message)
        if isinstance(message, m.ReadBackReply):
            self._check_positions(message.positions.size)
        return Reply(number, message)

    def _accept_event(self, number: int, event: m.Event) -> m.Event:
        if self._layout is None:
            raise RemoteProtocolError("EVENT before WELCOME")
        self._events += 1
        if number != self._events:
            raise RemoteProtocolError(f"EVENT {number} where EVENT {self._events} must come")
        return event

    def _check_positions(self, size: int) -> None:
        if self._layout is None:
            raise RemoteProtocolError("positions before WELCOME announced their layout")
        if size != self._layout.size:
            raise RemoteProtocolError(
                f"{size} positions, the announced layout has {self._layout.size}"
            )


def welcomed_layout(welcome: m.Welcome) -> AxisLayout:
    """The order of positions that the machine announces. Raises RemoteProtocolError."""
    if welcome.protocol != m.PROTOCOL:
        raise RemoteProtocolError(f"the machine speaks LCP/{welcome.protocol}, wanted LCP/1")
    devices = tuple(mlc.device for mlc in welcome.mlcs)
    if len(set(welcome.axes)) < len(welcome.axes) or len(set(devices)) < len(devices):
        raise RemoteProtocolError("the announced layout names an axis or an MLC twice")
    return AxisLayout(welcome.axes, tuple((mlc.device, mlc.pairs) for mlc in welcome.mlcs))
