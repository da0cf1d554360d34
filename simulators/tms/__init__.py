"""A simulated treatment management system: worklist, object store and verifier, on DICOM."""
