"""The node's own database and the objects it received: SQLite and files, apart from the room's."""
