"""Bytes that are no message of any of the wires."""

GARBAGE = b"\x00\xff\x13\x37 this is no message \xfe\n"
