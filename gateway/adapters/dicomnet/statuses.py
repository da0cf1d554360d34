"""Statuses of the query, retrieve and commitment services (PS3.4 C.4, J.3; PS3.7 annex C)."""

from pydicom import Dataset
from pynetdicom import evt

from gateway.domain.node import Node

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_INSTANCE = 0x0112
INVALID_ARGUMENT = 0x0115
NO_SUCH_ACTION = 0x0123
NOT_AUTHORISED = 0x0124
RESOURCE_LIMITATION = 0x0213
OUT_OF_RESOURCES = 0xA701
UNABLE_TO_PERFORM = 0xA702
DATA_SET_DOES_NOT_MATCH = IDENTIFIER_DOES_NOT_MATCH = 0xA900
MATCH_LIMIT_REACHED = 0xB001
UNABLE_TO_PROCESS = 0xC000
CANCEL = 0xFE00
PENDING = 0xFF00
PENDING_UNSUPPORTED_KEYS = 0xFF01
COMMENT_LENGTH = 64


def failure(status: int, comment: object) -> Dataset:
    """A status with its reason in Error Comment: LO of one value, in the default repertoire."""
    found = Dataset()
    found.Status = status
    plain = str(comment).encode("ascii", "replace").decode().replace("\\", "/")
    found.ErrorComment = " ".join(plain.split())[:COMMENT_LENGTH]
    return found


def refusal(node: Node, event: evt.Event) -> Dataset | None:
    """Why the caller may not query and retrieve here; None where it may.

    A peer that is sent pseudonyms would be told identities.
    """
    peer = node.peers.get(str(event.assoc.requestor.ae_title).strip())
    if peer is None and not node.unknown_peers:
        return failure(NOT_AUTHORISED, "this peer may not query and retrieve here")
    if node.pseudonymise or (peer is not None and peer.pseudonymise):
        return failure(NOT_AUTHORISED, "objects leave for this peer under pseudonyms only")
    return None
