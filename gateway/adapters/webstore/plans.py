"""The table ``plans``, and the files that it names."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.adapters.webstore.database import WebDatabase


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan with what was found in it. ``plan_id`` is the SHA-256 of its file."""

    plan_id: str
    label: str
    by: str
    added_ns: int
    checked: Mapping[str, Any]


class PlanTable:
    """Every method raises StoreError."""

    def __init__(self, database: WebDatabase) -> None:
        self._database = database

    def add(self, plan: StoredPlan) -> StoredPlan:
        """Keep a plan; the one that is kept already where it was added before."""
        row = (plan.plan_id, plan.label, plan.by, plan.added_ns, json.dumps(plan.checked))
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO plans VALUES (?, ?, ?, ?, ?) ON CONFLICT (plan_id) DO NOTHING", row
            )
        return self.find(plan.plan_id) or plan

    def find(self, plan_id: str) -> StoredPlan | None:
        """The plan of that id."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM plans WHERE plan_id = ?", (plan_id,)).fetchone()
        return None if row is None else _plan(row)

    def newest(self, limit: int) -> list[StoredPlan]:
        """Plans, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM plans ORDER BY added_ns DESC, plan_id LIMIT ?", (limit,)
            ).fetchall()
        return [_plan(row) for row in rows]


def _plan(row: sqlite3.Row) -> StoredPlan:
    return StoredPlan(
        row["plan_id"], row["label"], row["by"], row["added_ns"], json.loads(row["checked"])
    )
