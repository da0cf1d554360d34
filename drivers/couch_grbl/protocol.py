"""One Grbl 1.1 conversation, gateway's side: answers in order, positions. No I/O, no clock.

Every line is answered by ``ok`` or ``error:N`` in order; real-time bytes are not answered; the
rest comes unasked. MPos = WPos + WCO for controllers that report WPos, with the last WCO told.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.couch_grbl import codec
from drivers.couch_grbl import messages as m
from drivers.ledger import Reply
from gateway.domain.errors import MachineFault, RemoteProtocolError

_MOVING = frozenset({"Run", "Jog", "Home", "Hold:1", "Door:2", "Door:3"})
_MEANINGS: Mapping[int, str] = {
    8: "the controller is not idle",
    9: "the controller is locked by an alarm; a person must look at the couch and unlock it",
    15: "the target is outside the couch's travel",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A status report: state and machine position (mm); None while the offset is not known."""

    state: str
    position: m.Triple | None

    @property
    def moving(self) -> bool:
        """Whether any axis may be in motion."""
        return self.state in _MOVING

    @property
    def locked(self) -> bool:
        """Whether an alarm locks the controller."""
        return self.state == "Alarm"


Request = m.Line | m.RealTime
Pushed = Report | m.Alarm | m.Banner | m.Feedback | m.Blank
Incoming = Reply[m.Ok] | Pushed


class GrblProtocol:
    """What has been said on one connection."""

    def __init__(self) -> None:
        self._decoder = codec.line_decoder(self._accept)
        self._last = 0
        self._unanswered: deque[int] = deque()
        self._work_offset: m.Triple | None = None

    @property
    def unanswered(self) -> int:
        """How many lines wait for their answer."""
        return len(self._unanswered)

    def send(self, request: Request) -> tuple[int, bytes]:
        """The request's number (0 for what is never answered) and its bytes.

        Raises LocalProtocolError for a jog that cannot be said.
        """
        if isinstance(request, m.RealTime):
            return 0, request.value
        line = codec.encode_line(request)
        self._last += 1
        self._unanswered.append(self._last)
        return self._last, line

    def receive(self, data: bytes) -> list[Incoming]:
        """What ``data`` completes, in order, then :meth:`check`. Raises RemoteProtocolError."""
        return self._decoder.feed(data)

    def check(self) -> None:
        """Raises RemoteProtocolError for what stood behind the messages that came last."""
        self._decoder.check()

    def _accept(self, message: m.Message) -> Incoming:
        if isinstance(message, m.Ok):
            return Reply(self._answered("ok"), message)
        if isinstance(message, m.Refused):
            code = f"error:{message.code}"
            text = _MEANINGS.get(message.code, "see Grbl's list of error codes")
            return Reply(self._answered(code), MachineFault(code, text))
        if isinstance(message, m.Status):
            return Report(message.state, self._machine_position(message))
        return message

    def _answered(self, answer: str) -> int:
        if not self._unanswered:
            raise RemoteProtocolError(f"{answer!r} answers no line that was sent")
        return self._unanswered.popleft()

    def _machine_position(self, status: m.Status) -> m.Triple | None:
        if status.work_offset is not None:
            self._work_offset = status.work_offset
        if status.machine is not None or status.work is None or self._work_offset is None:
            return status.machine
        x, y, z = (work + off for work, off in zip(status.work, self._work_offset, strict=True))
        return x, y, z
