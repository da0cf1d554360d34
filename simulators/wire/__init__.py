"""The machines' side of the wires, written from the protocol pages."""
