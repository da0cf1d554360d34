"""The table ``acknowledgements``: which alarms somebody has seen."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.adapters.webstore.database import WebDatabase


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has seen an alarm, and what they noted."""

    by: str
    note: str
    at_ns: int


class AcknowledgementTable:
    """Every method raises StoreError."""

    def __init__(self, database: WebDatabase) -> None:
        self._database = database

    def add(self, alarm: str, seen: Acknowledged) -> None:
        """Keep the first acknowledgement of an alarm; ``alarm`` is its event's SHA-256."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO acknowledgements VALUES (?, ?, ?, ?) ON CONFLICT (alarm) DO NOTHING",
                (alarm, seen.by, seen.note, seen.at_ns),
            )

    def all(self) -> Mapping[str, Acknowledged]:
        """Every acknowledgement by the SHA-256 of its alarm's event."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM acknowledgements").fetchall()
        return {row["alarm"]: Acknowledged(row["by"], row["note"], row["at_ns"]) for row in rows}
