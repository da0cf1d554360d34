"""What a site sets (PS3.2 A.4.4): the fields of the configuration, with what they default to."""

from dataclasses import MISSING, Field, fields

from gateway.app.conformance.markdown import table
from gateway.domain.node import Node, Peer

NAMED = "name"


def parameters() -> str:
    """Fields of a node, and of each of its peers."""
    rows = [(one.name, _default(one)) for one in fields(Node) if one.name != NAMED]
    rows += [(f"peers.AE_TITLE.{one.name}", _default(one)) for one in fields(Peer)]
    return table(("parameter", "default"), [row for row in rows if row[0] != "limits"])


def _default(field: "Field[object]") -> str:
    if field.default is MISSING:
        return "has to be set"
    value = field.default
    if value in ("", (), None):
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
