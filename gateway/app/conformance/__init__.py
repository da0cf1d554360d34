"""The DICOM Conformance Statement, written from the tables that the code runs on."""

from gateway.app.conformance.statement import statement

__all__ = ["statement"]
