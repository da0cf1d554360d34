"""Networking: application entities, services, contexts, statuses, limits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.uid import UID, BasicTextSRStorage

from gateway.adapters.dicomnet import statuses, storage_service
from gateway.adapters.dicomnet.service import Service
from gateway.adapters.nodestore.query_keys import KEYS, Level
from gateway.app.conformance.markdown import section, table
from gateway.app.node.parts import open_parts
from gateway.dicom.common_modules import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from gateway.dicom.sop_classes import (
    COMPRESSED,
    STORAGE,
    STORAGE_COMMITMENT,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
    UNCOMPRESSED,
)
from gateway.dicom.ups import statuses as ups_statuses
from gateway.domain.node import Limits, Node
from gateway.settings import Settings

REQUESTED = (
    (STORAGE_COMMITMENT, "N-ACTION", "commitment of what was sent"),
    (STORAGE_COMMITMENT, "N-EVENT-REPORT (as SCP)", "outcome of what was asked of this node"),
    (STUDY_ROOT_FIND, "C-FIND", "where inputs are; whether a destination has an object already"),
    (STUDY_ROOT_MOVE, "C-MOVE", "inputs of a work item"),
    ("1.2.840.10008.5.1.4.34.6.3", "C-FIND, N-GET, N-SET, N-ACTION", "worklist (UPS Pull)"),
    ("1.2.840.10008.5.1.4.34.6.2", "N-ACTION, N-GET", "subscription (UPS Watch)"),
    (
        "1.2.840.10008.5.1.4.34.8",
        "N-CREATE, N-SET, N-ACTION, N-GET, N-DELETE",
        "external verification",
    ),
)


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


def requested() -> str:
    """What the node asks of others, beside storing."""
    rows = [(UID(uid).name, uid, dimse, what) for uid, dimse, what in REQUESTED]
    rows += [
        (UID(row.uid).name, row.uid, "C-STORE", "results of deliveries")
        for row in STORAGE
        if row.sent
    ]
    verdict = "verdict, to the peer that sent the plan"
    rows.append((BasicTextSRStorage.name, str(BasicTextSRStorage), "C-STORE", verdict))
    rows.append(("every storage class of 3.2", "", "C-STORE", "sub-operations of C-MOVE"))
    return table(("SOP class", "UID", "DIMSE services as SCU", "for"), rows)


def compressed() -> str:
    """Transfer syntaxes that are taken from peers that the configuration names."""
    return table(("transfer syntax", "UID"), [(name, uid) for uid, name in COMPRESSED.items()])


def status_codes() -> str:
    """What the node answers, and what it does with answers."""
    stored = [(f"{code:04X}", text) for code, text in storage_service.STATUSES.items()]
    others = _named(vars(statuses), but=("COMMENT_LENGTH",))
    steps = _named(vars(ups_statuses))
    return "\n\n".join(
        (
            section(4, "Storage, as SCP", table(("status", "meaning"), stored)),
            section(4, "Query, retrieve and commitment, as SCP", table(("status", "is"), others)),
            section(4, "Unified procedure steps, as SCU", table(("status", "is"), steps)),
        )
    )


def _named(constants: Mapping[str, object], but: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Statuses in ascending order, each with its constant's name in words."""
    found = [
        (value, name.lower().replace("_", " "))
        for name, value in constants.items()
        if name.isupper() and isinstance(value, int) and name not in but
    ]
    return [(f"{value:04X}", name) for value, name in sorted(found)]


def query_keys() -> str:
    """What queries match and return."""
    rows = [(level.value, ", ".join(KEYS[level].values())) for level in Level]
    return table(("level", "keys matched and returned"), rows)


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
