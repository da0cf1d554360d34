"""UIDs of the objects a delivery writes."""

from collections.abc import Callable

from gateway.domain.identifiers import derived_uid


def uid_source(seed: int, delivery_id: str) -> Callable[[str], str]:
    """Gives the UID of a purpose ("record", "image:3", ...) within one delivery.

    Equal seed, delivery and purpose give the equal UID, anything else another one.
    """

    def uid(purpose: str) -> str:
        return derived_uid(str(seed), delivery_id, purpose)

    return uid
