"""The dashboard's database: ``ROOT/web.sqlite``."""

from pathlib import Path

from gateway.adapters.sqlite_database import Database

DATABASE = "web.sqlite"
VERSION = 1

SESSIONS = """
CREATE TABLE sessions (
  secret_sha256 TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  csrf TEXT NOT NULL,
  expires_ns INTEGER NOT NULL
) STRICT
"""
PLANS = """
CREATE TABLE plans (
  plan_id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  by TEXT NOT NULL,
  added_ns INTEGER NOT NULL,
  checked TEXT NOT NULL
) STRICT
"""
"""``plan_id`` is the SHA-256 of the file, ``checked`` the findings and beams as JSON."""

REQUESTS = """
CREATE TABLE requests (
  number INTEGER PRIMARY KEY,
  item TEXT NOT NULL UNIQUE,
  plan_id TEXT NOT NULL,
  wanted TEXT NOT NULL,
  state TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  armed_by TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL
) STRICT
"""
COMMANDS = """
CREATE TABLE commands (
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  status INTEGER,
  media_type TEXT NOT NULL,
  answer BLOB NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (name, key)
) STRICT
"""
"""A command and its answer; ``status`` is NULL while it is carried out."""

ACKNOWLEDGEMENTS = """
CREATE TABLE acknowledgements (
  alarm TEXT PRIMARY KEY,
  by TEXT NOT NULL,
  note TEXT NOT NULL,
  at_ns INTEGER NOT NULL
) STRICT
"""
TABLES = (SESSIONS, PLANS, REQUESTS, COMMANDS, ACKNOWLEDGEMENTS)


class WebDatabase(Database):
    """The database. Raises StoreError."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / DATABASE, TABLES, VERSION)
