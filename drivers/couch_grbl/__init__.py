"""Grbl 1.1, the couch's three linear drives (docs/protocols/couch-grbl.md)."""
