"""The keys of the query models by level: what queries match and return (PS3.4 C.6).

Tags are those of the DICOM JSON model (PS3.18 F.2): eight hexadecimal digits.
"""

from enum import StrEnum


class Level(StrEnum):
    """A level of the patient root and study root models, as Query/Retrieve Level names it."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


PATIENT_ROOT = tuple(Level)
STUDY_ROOT = PATIENT_ROOT[1:]

SPECIFIC_CHARACTER_SET = "00080005"
QUERY_RETRIEVE_LEVEL = "00080052"
RETRIEVE_AE_TITLE = "00080054"
INSTANCE_AVAILABILITY = "00080056"
TIMEZONE_OFFSET = "00080201"
CONTROL = frozenset(
    {SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, "00080053", RETRIEVE_AE_TITLE, TIMEZONE_OFFSET}
)
"""Elements of an identifier that are no keys; (0008,0053) is Query/Retrieve View."""

UNIQUE = {
    Level.PATIENT: "00100020",
    Level.STUDY: "0020000D",
    Level.SERIES: "0020000E",
    Level.IMAGE: "00080018",
}
COLUMNS = {
    "00100020": "patient_id",
    "0020000D": "study_instance_uid",
    "0020000E": "series_instance_uid",
    "00080018": "sop_instance_uid",
}
"""Where the database holds the unique keys."""

MODALITIES_IN_STUDY = "00080061"
SOP_CLASSES_IN_STUDY = "00080062"
AVAILABLE_TRANSFER_SYNTAX = "00083002"
COUNTED = {
    Level.PATIENT: {"00201200": "studies", "00201202": "series", "00201204": "instances"},
    Level.STUDY: {"00201206": "series", "00201208": "instances"},
    Level.SERIES: {"00201209": "instances"},
    Level.IMAGE: {},
}
"""Numbers of related studies, series and instances, of the entity that is queried."""

KEYS = {
    Level.PATIENT: {
        "00100010": "PatientName",
        "00100020": "PatientID",
        "00100021": "IssuerOfPatientID",
        "00100030": "PatientBirthDate",
        "00100032": "PatientBirthTime",
        "00100040": "PatientSex",
        "00102160": "EthnicGroup",
        "00104000": "PatientComments",
        "00201200": "NumberOfPatientRelatedStudies",
        "00201202": "NumberOfPatientRelatedSeries",
        "00201204": "NumberOfPatientRelatedInstances",
    },
    Level.STUDY: {
        "0020000D": "StudyInstanceUID",
        "00080020": "StudyDate",
        "00080030": "StudyTime",
        "00080050": "AccessionNumber",
        "00080061": "ModalitiesInStudy",
        "00080062": "SOPClassesInStudy",
        "00080090": "ReferringPhysicianName",
        "00081030": "StudyDescription",
        "00081032": "ProcedureCodeSequence",
        "00081060": "NameOfPhysiciansReadingStudy",
        "00101010": "PatientAge",
        "00101020": "PatientSize",
        "00101030": "PatientWeight",
        "00200010": "StudyID",
        "00201206": "NumberOfStudyRelatedSeries",
        "00201208": "NumberOfStudyRelatedInstances",
    },
    Level.SERIES: {
        "0020000E": "SeriesInstanceUID",
        "00080021": "SeriesDate",
        "00080031": "SeriesTime",
        "00080060": "Modality",
        "00080070": "Manufacturer",
        "00081010": "StationName",
        "0008103E": "SeriesDescription",
        "00081050": "PerformingPhysicianName",
        "00081070": "OperatorsName",
        "00180015": "BodyPartExamined",
        "00181030": "ProtocolName",
        "00200011": "SeriesNumber",
        "00201209": "NumberOfSeriesRelatedInstances",
        "00400244": "PerformedProcedureStepStartDate",
        "00400245": "PerformedProcedureStepStartTime",
        "00400275": "RequestAttributesSequence",
    },
    Level.IMAGE: {
        "00080018": "SOPInstanceUID",
        "00080008": "ImageType",
        "00080012": "InstanceCreationDate",
        "00080013": "InstanceCreationTime",
        "00080016": "SOPClassUID",
        "00080022": "AcquisitionDate",
        "00080023": "ContentDate",
        "00080032": "AcquisitionTime",
        "00080033": "ContentTime",
        "00083002": "AvailableTransferSyntaxUID",
        "00200013": "InstanceNumber",
        "00280008": "NumberOfFrames",
        "00280010": "Rows",
        "00280011": "Columns",
        "30020002": "RTImageLabel",
        "30020003": "RTImageName",
        "30020004": "RTImageDescription",
        "30020020": "RadiationMachineName",
        "30020029": "FractionNumber",
        "30040002": "DoseUnits",
        "30040004": "DoseType",
        "3004000A": "DoseSummationType",
        "30060002": "StructureSetLabel",
        "30060004": "StructureSetName",
        "30060008": "StructureSetDate",
        "30060009": "StructureSetTime",
        "300A0002": "RTPlanLabel",
        "300A0003": "RTPlanName",
        "300A0004": "RTPlanDescription",
        "300A0006": "RTPlanDate",
        "300A0007": "RTPlanTime",
        "300A000A": "PlanIntent",
        "300A000C": "RTPlanGeometry",
    },
}
"""Keys that are supported, by the level that they belong to. Any other optional key is answered
with the warning status 0xFF01 and left out (PS3.4 C.4.1.1.4)."""


def supported(level: Level) -> frozenset[str]:
    """Tags that a query at ``level`` may match and return: its own and those of levels above."""
    above = PATIENT_ROOT[: PATIENT_ROOT.index(level) + 1]
    counted = frozenset(tag for one in above if one is not level for tag in COUNTED[one])
    return frozenset(tag for one in above for tag in KEYS[one]) - counted | {INSTANCE_AVAILABILITY}
