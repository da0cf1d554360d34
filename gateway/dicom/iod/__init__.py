"""Validation of DICOM objects against their IODs (PS3.3) and against sense."""
