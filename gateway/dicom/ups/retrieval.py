"""Identifiers of retrieval as SCU, Study Root (PS3.4 C.4.2)."""

from pydicom import Dataset

from gateway.domain.worklist import Input

IMAGE, SERIES, STUDY = "IMAGE", "SERIES", "STUDY"


def retrieval_identifier(source: Input) -> Dataset:
    """The identifier that names an input's instances; without them its series, or its study."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = STUDY
    identifier.StudyInstanceUID = source.study_instance_uid
    if source.series_instance_uid:
        identifier.QueryRetrieveLevel = SERIES
        identifier.SeriesInstanceUID = source.series_instance_uid
    if source.references:
        identifier.QueryRetrieveLevel = IMAGE
        identifier.SOPInstanceUID = [one.sop_instance_uid for one in source.references]
    return identifier
