"""What an association that this node opens is made of.

The answer to a C-STORE, as it usually is, is read here: pynetdicom's state machine would come to
the same, after five times the work.
"""

import ssl
import struct
from typing import cast

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import AddressInformation

from gateway.adapters.dicomnet.client_socket import ClientSocket
from gateway.adapters.dicomnet.raw_store import store_answer

LONGEST_ANSWER_BYTES = 1024
P_DATA_TF, HEADER = 4, struct.Struct(">BxL")
_READY_FOR_DATA = "Sta6"


class ClientProvider(DULServiceProvider):
    """pynetdicom's upper layer, but for answers to C-STORE; what is to be sent goes at once."""

    def send_pdu(self, primitive: object) -> None:
        """As the base, and at once."""
        super().send_pdu(primitive)  # type: ignore[arg-type]  # the base names each primitive
        self._transport.wake()

    def kill_dul(self) -> None:
        """As the base, and at once."""
        super().kill_dul()
        self._transport.wake()

    @property
    def _transport(self) -> ClientSocket:
        return cast("ClientSocket", self.socket)

    def _read_pdu_data(self) -> None:
        is_ready = self.state_machine.current_state == _READY_FOR_DATA
        if not (is_ready and self.assoc.dimse.message is None and self._takes_answer()):
            super()._read_pdu_data()

    def _takes_answer(self) -> bool:
        """Whether an answer that was waited for has come, and nothing else; it is taken then."""
        transport = self._transport
        if transport.awaited is None:
            return False
        try:
            pdu = _short_data_pdu(transport)
        except OSError:
            self.event_queue.put("Evt17")
            return True
        answer = store_answer(pdu)
        if answer is None or answer.MessageIDBeingRespondedTo != transport.awaited:
            return False
        transport.recv(len(pdu))
        self.assoc.dimse.msg_queue.put((answer.context_id, answer))  # type: ignore[arg-type]  # is like one
        return True


def _short_data_pdu(transport: ClientSocket) -> bytes:
    """The P-DATA-TF that comes next, unless it is long; nothing where that is something else."""
    head = transport.ahead(HEADER.size)
    if len(head) < HEADER.size:
        return b""
    kind, length = HEADER.unpack(head)
    is_short = kind == P_DATA_TF and length <= LONGEST_ANSWER_BYTES
    return transport.ahead(HEADER.size + length) if is_short else b""


class ClientEntity(AE):
    """An application entity whose associations use :class:`ClientSocket`."""

    def __init__(self, ae_title: str, certificate_name: str, stall_s: float) -> None:
        super().__init__(ae_title)
        self._certificate_name = certificate_name
        self._stall_s = stall_s

    def _create_socket(
        self,
        assoc: Association,
        address: AddressInformation,  # noqa: ARG002 - pynetdicom's signature
        tls_args: tuple[ssl.SSLContext, str] | None,
    ) -> ClientSocket:
        made = ClientSocket(assoc, self._certificate_name, self._stall_s)
        made.tls_args = tls_args
        assoc.dul.__class__ = ClientProvider
        assoc.dul.run = assoc.dul.run_reactor  # type: ignore[method-assign]
        return made
