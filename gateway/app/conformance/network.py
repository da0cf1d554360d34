"""Networking: application entities, services, contexts, statuses, limits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.uid import UID

from gateway.adapters.dicomnet import commitment_client, statuses, storage_service, store_status
from gateway.adapters.dicomnet.retrieve_client import SUB_OPERATIONS_FAILED
from gateway.adapters.dicomnet.service import SOP_CLASS_NOT_SUPPORTED, Service
from gateway.adapters.nodestore.query_keys import KEYS, Level
from gateway.app.conformance import entities
from gateway.app.conformance.markdown import table
from gateway.app.node.parts import open_parts
from gateway.dicom.common_modules import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from gateway.dicom.sop_classes import (
    COMPRESSED,
    RT_CONVENTIONAL_VERIFICATION,
    UNCOMPRESSED,
    UPS_EVENT,
)
from gateway.dicom.ups import statuses as ups_statuses
from gateway.domain.node import Limits, Node
from gateway.settings import Settings

SCP_STATUSES = {
    statuses.SUCCESS: "Done; for C-MOVE and C-GET: every object was sent",
    statuses.PROCESSING_FAILURE: "The store cannot be read or written",
    statuses.NO_SUCH_INSTANCE: "There is no such instance",
    0x0113: "There is no such event type",
    statuses.INVALID_ARGUMENT: "An argument is missing, or has a value that is not allowed",
    SOP_CLASS_NOT_SUPPORTED: "No service of this node answers for the SOP class",
    statuses.NO_SUCH_ACTION: "There is no such action",
    statuses.NOT_AUTHORISED: "This peer may not ask, or is sent pseudonyms only",
    statuses.RESOURCE_LIMITATION: "Too much was asked at once",
    statuses.OUT_OF_RESOURCES: "Matches cannot be counted",
    statuses.UNABLE_TO_PERFORM: "Objects cannot be sent",
    0xA801: "The move destination is not configured",
    statuses.IDENTIFIER_DOES_NOT_MATCH: "The identifier is not one of the information model",
    SUB_OPERATIONS_FAILED: "Some objects were not sent",
    statuses.MATCH_LIMIT_REACHED: "There are more matches than are returned",
    statuses.UNABLE_TO_PROCESS: "The identifier cannot be read",
    statuses.CANCEL: "Cancelled by C-CANCEL",
    statuses.PENDING: "A match, or objects still to be sent",
    statuses.PENDING_UNSUPPORTED_KEYS: "A match; some optional keys are not supported",
}
"""Of the query, retrieve, commitment and event services (PS3.4 C.4, J.3, CC.2; PS3.7 annex C)."""

REPORTED = frozenset({UPS_EVENT, RT_CONVENTIONAL_VERIFICATION})
"""SOP classes of which the listener takes event reports only."""


def services() -> Sequence[Service]:
    """The services as a node runs them."""
    with TemporaryDirectory() as name:
        node = Node("statement", "LINAC_GATEWAY", "127.0.0.1", 0, {})
        parts = open_parts(Settings(store=Path(name)), node)
        try:
            return parts.services(lambda _peer, _head, _dataset: ())
        finally:
            parts.database.close()


def accepted(offered: Iterable[Service]) -> str:
    """Presentation contexts that the listener accepts."""
    roles: dict[str, set[str]] = {}
    syntaxes: dict[str, set[str]] = {}
    for service in offered:
        for context in service.contexts:
            uid = context.sop_class_uid
            roles.setdefault(uid, set()).add("SCU" if context.requestor_scp else "SCP")
            syntaxes.setdefault(uid, set()).update(context.transfer_syntaxes)
    rows = [
        (
            UID(uid).name,
            uid,
            ", ".join(sorted(roles[uid])),
            ", ".join(short(one) for one in UNCOMPRESSED if one in syntaxes[uid]),
        )
        for uid in sorted(roles)
    ]
    return table(("SOP class", "UID", "role", "transfer syntaxes"), rows)


def compressed() -> str:
    """Transfer syntaxes that are taken from peers that the configuration names."""
    return table(("transfer syntax", "UID"), [(name, uid) for uid, name in COMPRESSED.items()])


def provided_statuses() -> str:
    """What the listener answers to anything but C-STORE."""
    return table(("status", "meaning"), _codes(SCP_STATUSES))


def stored_statuses() -> str:
    """What the listener answers to C-STORE."""
    return table(("status", "meaning"), _codes(storage_service.STATUSES))


def sent_statuses() -> str:
    """What a destination's answer to C-STORE, or its reason not to commit, comes to."""
    rows = [(f"{code:04X}", what, _what_then(code)) for code, what in store_status.TEXTS.items()]
    rows += [
        (f"{first:04X}-{last:04X}", what, _what_then(first))
        for first, last, what in store_status.RANGES
    ]
    stored = table(("status of C-STORE", "meaning", "what is done"), rows)
    reasons = [
        (f"{code:04X}", one.reason, "given up" if one.final else "sent again, then asked again")
        for code, one in commitment_client.FAILURES.items()
    ]
    return f"{stored}\n{table(('failure reason', 'meaning', 'what is done'), reasons)}"


def _what_then(code: int) -> str:
    return {
        store_status.Meaning.STORED: "stored",
        store_status.Meaning.AGAIN: "sent again, later each time",
        store_status.Meaning.DUPLICATE: "stored where a query finds the same object; else given up",
        store_status.Meaning.REFUSED: "given up, and shown",
    }[store_status.meaning(code)]


def asked_statuses() -> str:
    """What answers of a treatment management or verification system come to."""
    parts = [
        table((title, "taken as"), _codes(known))
        for title, known in (
            ("success or warning", {ups_statuses.SUCCESS: "done"} | dict(ups_statuses.WARNINGS)),
            ("failure of UPS", ups_statuses.UPS_FAILURES),
            ("failure of machine verification", ups_statuses.VERIFICATION_FAILURES),
            ("failure of any service", ups_statuses.GENERAL_FAILURES),
        )
    ]
    return "\n".join(parts)


def _codes(known: Mapping[int, str]) -> list[tuple[str, str]]:
    return [(f"{code:04X}", what) for code, what in known.items()]


def query_keys() -> str:
    """What queries match and return."""
    rows = [(level.value, ", ".join(KEYS[level].values())) for level in Level]
    return table(("level", "keys matched and returned"), rows)


def overview() -> str:
    """SOP classes with what this node is of each: user, provider, or both."""
    roles: dict[str, set[str]] = {}
    for context in (one for service in services() for one in service.contexts):
        scp = context.sop_class_uid not in REPORTED
        roles.setdefault(context.sop_class_uid, set()).add("SCP" if scp else "SCU")
        if context.requestor_scp and not scp:
            roles[context.sop_class_uid].add("SCU")
    for one in (*entities.LISTENER, *entities.SENDER, *entities.PERFORMER):
        roles.setdefault(one.sop_class_uid, set()).add(one.role)
    rows = [
        (UID(uid).name, uid, *("yes" if role in roles[uid] else "no" for role in ("SCU", "SCP")))
        for uid in sorted(roles, key=_in_order)
    ]
    return table(("SOP class", "UID", "user (SCU)", "provider (SCP)"), rows)


def _in_order(uid: str) -> list[int]:
    return [int(part) for part in uid.split(".")]


def limits() -> str:
    """Association policies: the numbers of a default configuration."""
    defaults = Limits()
    rows = [(field.name, f"{getattr(defaults, field.name):,}") for field in fields(Limits)]
    return table(("limit (bytes, seconds or count by its name)", "default"), rows)


def implementation() -> str:
    """How the implementation names itself."""
    rows = [
        ("Implementation Class UID", IMPLEMENTATION_CLASS_UID),
        ("Implementation Version Name", IMPLEMENTATION_VERSION_NAME),
    ]
    return table(("item", "value"), rows)


def short(uid: str) -> str:
    """A transfer syntax by its name."""
    return UID(uid).name.split(":", maxsplit=1)[0]
