"""Between DICOM RT and a linac room."""

__version__ = "0.1.0"
