"""One PFP/1 conversation, gateway's side: numbering, matching, order. No I/O, no clock.

HELLO comes first and nothing else until WELCOME. Frames come between the ACK of a START and its
FINISHED only. Gaps, repeats and inversions among frame numbers pass: the receiver reports them.
"""

from collections.abc import Mapping

from drivers.epid import codec
from drivers.epid import messages as m
from drivers.ledger import Reply, RequestLedger
from gateway.domain.errors import LocalProtocolError, MachineFault, RemoteProtocolError

Incoming = Reply[m.Answer] | m.Frame

ANSWERED_BY: Mapping[type, frozenset[type]] = {
    m.Hello: frozenset({m.Welcome, m.Nak}),
    m.Start: frozenset({m.Ack, m.Nak}),
    m.Finish: frozenset({m.Finished, m.Nak}),
}


class EpidProtocol:
    """What has been said on one connection."""

    def __init__(self) -> None:
        self._decoder = codec.answer_decoder(self._accept)
        self._ledger = RequestLedger(ANSWERED_BY)
        self._greeted = False
        self._welcomed = False
        self._acquiring = False

    def send(self, request: m.Request) -> tuple[int, bytes]:
        """The request's number and its frame. Raises LocalProtocolError."""
        if isinstance(request, m.Hello) == self._greeted:
            raise LocalProtocolError("HELLO comes first and once")
        if self._greeted and not self._welcomed:
            raise LocalProtocolError(f"{type(request).__name__} before the imager's WELCOME")
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
        if isinstance(message, m.Frame):
            if number != 0 or not self._acquiring:
                raise RemoteProtocolError(
                    f"FRAME {message.number} with request number {number} "
                    f"{'during' if self._acquiring else 'outside'} an acquisition"
                )
            return message
        self._ledger.close(number, type(message))
        if isinstance(message, m.Nak):
            return Reply(number, MachineFault(message.code.name, message.text))
        if isinstance(message, m.Welcome):
            self._welcomed = True
            if message.protocol != m.PROTOCOL:
                raise RemoteProtocolError(f"the imager speaks PFP/{message.protocol}, wanted 1")
        if isinstance(message, m.Ack | m.Finished):
            self._acquiring = isinstance(message, m.Ack)
        return Reply(number, message)
