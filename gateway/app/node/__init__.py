"""The DICOM node's use cases and processes."""
