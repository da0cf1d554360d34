"""The record store on SQLite: one writer, any number of readers."""

from gateway.adapters.store.reader import StoreReader, open_reader
from gateway.adapters.store.writer import StoreWriter, open_store

__all__ = ["StoreReader", "StoreWriter", "open_reader", "open_store"]
