"""Queries of the patient root and study root models over the node's objects (PS3.4 C.4, C.6)."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.matching import (
    Attributes,
    Element,
    matches,
    values,
)
from gateway.adapters.nodestore.query_keys import (
    AVAILABLE_TRANSFER_SYNTAX,
    COLUMNS,
    CONTROL,
    COUNTED,
    INSTANCE_AVAILABILITY,
    MODALITIES_IN_STUDY,
    QUERY_RETRIEVE_LEVEL,
    SOP_CLASSES_IN_STUDY,
    UNIQUE,
    Level,
    supported,
)
from gateway.domain.errors import InputError, RemoteProtocolError

VISIBLE = "state <> 'quarantined'"
"""Objects that were set apart are neither found nor retrieved."""
BATCH = 100
MOST_VALUES = 256
LONGEST_KEYS = 16 * 2**10
"""Of all keys but lists of UIDs: every object that the node holds is compared with each."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: ``above`` are the unique keys of higher levels, ``keys`` all others."""

    level: Level
    above: Mapping[str, str]
    keys: Attributes

    @property
    def unsupported(self) -> bool:
        """Whether any key is neither matched nor returned."""
        return not self.keys.keys() <= supported(self.level)


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """What retrieving needs to know of an object."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    sha256: str
    size_bytes: int


def query_of(levels: Sequence[Level], identifier: Attributes) -> Query:
    """The query of a C-FIND identifier in the model that has ``levels``.

    Raises RemoteProtocolError for an identifier that does not match the model: no such level, or
    not exactly one value of the unique key of a higher level (C.4.1.2.1); InputError for more to
    compare than is reasonable.
    """
    level = _level(levels, identifier)
    above = {
        UNIQUE[one]: _single(one, identifier.get(UNIQUE[one], {}))
        for one in levels[: levels.index(level)]
    }
    keys = {
        tag: element
        for tag, element in identifier.items()
        if tag not in CONTROL and tag not in above and not tag.endswith("0000")
    }
    _require_modest(keys)
    return Query(level, above, keys)


def _require_modest(keys: Attributes) -> None:
    compared = [*_compared({tag: key for tag, key in keys.items() if tag not in COLUMNS})]
    if len(compared) > MOST_VALUES or sum(map(len, compared)) > LONGEST_KEYS:
        raise InputError(f"more than {MOST_VALUES} values, or {LONGEST_KEYS} characters, in keys")


def _compared(keys: Attributes) -> Iterator[str]:
    for key in keys.values():
        for value in values(key):
            if key.get("vr") == "SQ":
                yield ""
                yield from _compared(value)
            else:
                yield str(value)


def retrieval_of(levels: Sequence[Level], identifier: Attributes) -> Query:
    """The query of a C-MOVE or C-GET identifier: unique keys only; others are passed over.

    Raises RemoteProtocolError as :func:`query_of`, and where the unique key of the level has no
    value or is a wildcard (C.4.2.2.1).
    """
    query = query_of(levels, identifier)
    unique = query.keys.get(UNIQUE[query.level], {})
    if not list(values(unique)) or any(set("*?") & set(str(one)) for one in values(unique)):
        raise RemoteProtocolError(f"{query.level} retrieval without its unique key")
    return Query(query.level, query.above, {UNIQUE[query.level]: unique})


def found(database: NodeDatabase, query: Query) -> Iterator[Attributes]:
    """The attributes that the query asks for, of every entity that matches. Raises StoreError."""
    wanted = {tag: key for tag, key in query.keys.items() if tag in supported(query.level)}
    matched = {tag: key for tag, key in wanted.items() if tag != INSTANCE_AVAILABILITY}
    for row in _rows(database, _search(query)):
        attributes = _attributes(query.level, row)
        if matches(matched, attributes):
            yield _answer(query, wanted, attributes)


def instances(database: NodeDatabase, query: Query) -> Iterator[StoredInstance]:
    """The objects that a retrieval is about, oldest first. Raises StoreError."""
    where, given = _where(query)
    sql = (
        "SELECT sop_class_uid, sop_instance_uid, transfer_syntax_uid, sha256, size_bytes "  # noqa: S608  # columns are constants
        f"FROM objects WHERE {where} ORDER BY received_ns, sop_instance_uid"
    )
    for row in _rows(database, (sql, given)):
        yield StoredInstance(*row)


def _level(levels: Sequence[Level], identifier: Attributes) -> Level:
    named = [str(value).strip() for value in values(identifier.get(QUERY_RETRIEVE_LEVEL, {}))]
    for level in levels:
        if named == [level.value]:
            return level
    allowed = ", ".join(levels)
    raise RemoteProtocolError(f"Query/Retrieve Level is not one of {allowed}")


def _single(level: Level, element: Element) -> str:
    given = [str(value).strip() for value in values(element)]
    if len(given) != 1 or not given[0] or set("*?") & set(given[0]):
        raise RemoteProtocolError(f"one value of the unique key of the {level} level is needed")
    return given[0]


def _where(query: Query) -> tuple[str, list[str]]:
    """What SQL can tell: visible objects with the unique keys' values; more may match less."""
    terms, given = [VISIBLE], []
    for tag, value in query.above.items():
        terms.append(f"{COLUMNS[tag]} = ?")
        given.append(value)
    for tag in query.keys.keys() & COLUMNS.keys() & supported(query.level):
        exact = _exact(query.keys[tag])
        if exact:
            terms.append(f"{COLUMNS[tag]} IN (SELECT value FROM json_each(?))")  # noqa: S608  # a constant
            given.append(json.dumps(exact))
    return " AND ".join(terms), given


def _exact(key: Element) -> list[str]:
    """The values that a unique key is to have; none where it is universal or has wildcards."""
    exact = [str(value).strip() for value in values(key)]
    return [] if any(set("*?") & set(value) for value in exact) else exact


def _search(query: Query) -> tuple[str, list[str]]:
    """One row for each entity, with the attributes of its first object."""
    where, given = _where(query)
    sql = (
        "SELECT attributes, transfer_syntax_uid, min(received_ns) AS first_ns, "  # noqa: S608  # columns are constants
        "count(*) AS instances, count(DISTINCT series_instance_uid) AS series, "
        "count(DISTINCT study_instance_uid) AS studies, "
        "group_concat(DISTINCT modality) AS modalities, "
        "group_concat(DISTINCT sop_class_uid) AS sop_classes "
        f"FROM objects WHERE {where} GROUP BY {COLUMNS[UNIQUE[query.level]]} ORDER BY first_ns"
    )
    return sql, given


def _rows(database: NodeDatabase, statement: tuple[str, list[str]]) -> Iterator[sqlite3.Row]:
    with database.reading() as connection:
        cursor = connection.execute(*statement)
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _attributes(level: Level, row: sqlite3.Row) -> dict[str, Element]:
    """The attributes of an entity: its first object's, and what is counted over all of them."""
    attributes: dict[str, Element] = json.loads(row["attributes"])
    for tag, column in COUNTED[level].items():
        attributes[tag] = {"vr": "IS", "Value": [row[column]]}
    if level is Level.STUDY:
        attributes[MODALITIES_IN_STUDY] = _listed("CS", row["modalities"])
        attributes[SOP_CLASSES_IN_STUDY] = _listed("UI", row["sop_classes"])
    if level is Level.IMAGE:
        syntax = row["transfer_syntax_uid"]
        attributes[AVAILABLE_TRANSFER_SYNTAX] = {"vr": "UI", "Value": [syntax]}
    attributes[INSTANCE_AVAILABILITY] = {"vr": "CS", "Value": ["ONLINE"]}
    return attributes


def _listed(vr: str, joined: str) -> Element:
    return {"vr": vr, "Value": sorted(filter(None, joined.split(",")))}


def _answer(query: Query, wanted: Attributes, attributes: Attributes) -> Attributes:
    """The return keys that are supported, and the unique keys down to the level (C.4.1.1.3.2)."""
    unique = {UNIQUE[query.level], *query.above}
    return {
        tag: _returned(wanted.get(tag, {}), attributes.get(tag))
        for tag in sorted(wanted.keys() | unique)
    }


def _returned(key: Element, element: Element | None) -> Element:
    if element is None:
        return {"vr": key.get("vr", "UN")}
    items: list[Any] = list(values(key))
    if element.get("vr") != "SQ" or not items or not items[0]:
        return element
    return {**element, "Value": [_part(items[0], item) for item in element.get("Value", ())]}


def _part(key: Attributes, item: Attributes) -> Attributes:
    """Of an item, what the key's item names."""
    return {tag: _returned(nested, item.get(tag)) for tag, nested in key.items()}
