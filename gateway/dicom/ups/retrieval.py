"""Identifiers of retrieval as SCU: Study Root, single instances of a series (PS3.4 C.4.2)."""

from pydicom import Dataset

from gateway.domain.worklist import Input

IMAGE, SERIES, STUDY = "IMAGE", "SERIES", "STUDY"


def instances_identifier(source: Input) -> Dataset:
    """The identifier that names the instances of an input, to be found or moved."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = IMAGE
    identifier.StudyInstanceUID = source.study_instance_uid
    identifier.SeriesInstanceUID = source.series_instance_uid
    identifier.SOPInstanceUID = [one.sop_instance_uid for one in source.references]
    return identifier
