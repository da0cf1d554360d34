"""Byte streams: in memory, over TCP, over serial lines. OS errors are mapped here, once."""
