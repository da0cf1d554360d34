"""C-MOVE destinations that are reached already when pynetdicom asks for them.

pynetdicom opens a plain association to an address of its own accord. A handler of this node yields,
in place of the address, the destination itself: over TLS where its peer wants that, or none at all
where the request is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from gateway.adapters.dicomnet.incoming import Begin


@dataclass(frozen=True, slots=True)
class Destination:
    """What pynetdicom uses of an association to a C-MOVE destination.

    ``send`` takes a dataset that names an object, and the parameters of a C-STORE request beside
    it; ``originator`` is the AE title that the request came from (PS3.7 9.1.1.1.5).
    """

    originator: str
    send: Callable[..., Dataset]
    opened: Association | None = None
    is_established: bool = True

    def send_c_store(self, dataset: Dataset, **given: Any) -> Dataset:
        """The response to one sub-operation."""
        return self.send(dataset, **{**given, "originator_aet": self.originator})

    def release(self) -> None:
        """End the association, where there is one."""
        if self.opened is not None:
            self.opened.release()


class NodeEntity(AE):
    """The application entity of the node's listener.

    ``begin`` makes room for objects that are sent; None: in memory, and large ones are not taken.
    ``queries`` are the DIMSE services by the SOP class of a query or retrieve model.
    """

    begin: Begin | None = None
    queries: Mapping[str, str] = MappingProxyType({})

    def makes_sense(self, message: Any) -> bool:
        """Whether a message that names a query model is a request of that model."""
        wanted = self.queries.get(str(getattr(message, "AffectedSOPClassUID", None)))
        return wanted is None or wanted == message.msg_type

    def associate(self, addr: Any, port: int, **given: Any) -> Any:  # type: ignore[override]  # wider
        """The destination that ``addr`` is, or a new association."""
        return addr if isinstance(addr, Destination) else super().associate(addr, port, **given)
