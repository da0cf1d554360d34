"""What an audit trail is told (PS3.15 A.5): who did what to which objects, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum


class AuditKind(StrEnum):
    """The events of PS3.15 A.5.3 that occur here."""

    APPLICATION_START = "application-start"
    APPLICATION_STOP = "application-stop"
    ASSOCIATION = "association"
    INSTANCES_RECEIVED = "instances-received"
    INSTANCES_SENT = "instances-sent"
    INSTANCES_ACCESSED = "instances-accessed"
    QUERY = "query"
    SECURITY_ALERT = "security-alert"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event. ``reason`` is empty for success; identities of patients are never in it.

    ``address`` is the network address of the other side, ``calling_ae`` and ``called_ae`` are AE
    titles, ``subject`` is what it was done to: a Study, delivery or SOP class, by its UID or name.
    """

    kind: AuditKind
    at_ns: int
    address: str = ""
    calling_ae: str = ""
    called_ae: str = ""
    subject: str = ""
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it ended as it should."""
        return not self.reason
