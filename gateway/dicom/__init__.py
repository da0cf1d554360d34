"""The only place that knows DICOM objects."""
