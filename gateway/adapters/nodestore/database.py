"""The node's database: one file, any number of processes and threads of the node."""

from pathlib import Path

from gateway.adapters.nodestore.schema import TABLES, VERSION
from gateway.adapters.sqlite_database import Database

DATABASE = "node.sqlite"


class NodeDatabase(Database):
    """The database ``ROOT/node.sqlite``. Raises StoreError."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / DATABASE, TABLES, VERSION)
