"""The DICOM network: the only importer of pynetdicom."""
