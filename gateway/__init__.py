"""Between DICOM RT and a linac room."""
