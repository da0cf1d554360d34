"""How much waits in the node's tables, without reading it."""

from collections.abc import Mapping

from gateway.adapters.nodestore.database import NodeDatabase


def depths(database: NodeDatabase) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """By state: the plans that peers sent, and the objects on their way. Raises StoreError."""
    with database.reading() as connection:
        queue = connection.execute("SELECT state, count(*) FROM queue GROUP BY state").fetchall()
        outbox = connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
    return dict(map(tuple, queue)), dict(map(tuple, outbox))
