"""SOP classes and transfer syntaxes of the node: the one table that code and statement run on."""

from dataclasses import dataclass

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
COMPRESSED = {
    "1.2.840.10008.1.2.5": "RLE Lossless",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless, Non-Hierarchical (Process 14)",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless, First-Order Prediction",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 Lossless Only",
    HTJ2K_LOSSLESS: "High-Throughput JPEG 2000 Lossless Only",
    DEFLATED: "Deflated Explicit VR Little Endian",
}
"""Taken from peers that the configuration names, stored as they came."""


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A storage SOP class the node deals in.

    ``pixels``: instances have pixel data, so compressed syntaxes make sense. ``validated``: its
    IOD has tables. ``sent``: this gateway writes such objects.
    """

    uid: str
    name: str
    modality: str
    pixels: bool = False
    validated: bool = True
    sent: bool = False


_RT = "1.2.840.10008.5.1.4.1.1.481."
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
RT_IMAGE = _RT + "1"
RT_DOSE = _RT + "2"
RT_STRUCTURE_SET = _RT + "3"
RT_BEAMS_TREATMENT_RECORD = _RT + "4"
RT_PLAN = _RT + "5"
RT_BRACHY_TREATMENT_RECORD = _RT + "6"
RT_TREATMENT_SUMMARY_RECORD = _RT + "7"
RT_ION_PLAN = _RT + "8"
RT_ION_BEAMS_TREATMENT_RECORD = _RT + "9"
RT_BEAMS_DELIVERY_INSTRUCTION = "1.2.840.10008.5.1.4.34.7"
RT_BRACHY_APPLICATION_SETUP = "1.2.840.10008.5.1.4.34.10"

STORAGE = (
    StorageClass(RT_PLAN, "RT Plan", "RTPLAN"),
    StorageClass(RT_ION_PLAN, "RT Ion Plan", "RTPLAN"),
    StorageClass(RT_STRUCTURE_SET, "RT Structure Set", "RTSTRUCT"),
    StorageClass(RT_DOSE, "RT Dose", "RTDOSE", pixels=True),
    StorageClass(RT_IMAGE, "RT Image", "RTIMAGE", pixels=True, sent=True),
    StorageClass(CT_IMAGE, "CT Image", "CT", pixels=True),
    StorageClass(RT_BEAMS_TREATMENT_RECORD, "RT Beams Treatment Record", "RTRECORD", sent=True),
    StorageClass(RT_ION_BEAMS_TREATMENT_RECORD, "RT Ion Beams Treatment Record", "RTRECORD"),
    StorageClass(RT_BRACHY_TREATMENT_RECORD, "RT Brachy Treatment Record", "RTRECORD"),
    StorageClass(RT_TREATMENT_SUMMARY_RECORD, "RT Treatment Summary Record", "RTRECORD"),
    StorageClass(RT_BEAMS_DELIVERY_INSTRUCTION, "RT Beams Delivery Instruction", "PLAN"),
    StorageClass(
        RT_BRACHY_APPLICATION_SETUP, "RT Brachy Application Setup Delivery Instruction", "PLAN"
    ),
    StorageClass(_RT + "10", "RT Physician Intent", "RTINTENT"),
    StorageClass(_RT + "11", "RT Segment Annotation", "RTSEGANN"),
    StorageClass(_RT + "12", "RT Radiation Set", "RTPLAN"),
    StorageClass(_RT + "13", "C-Arm Photon-Electron Radiation", "RTRAD"),
    StorageClass(_RT + "14", "Tomotherapeutic Radiation", "RTRAD"),
    StorageClass(_RT + "15", "Robotic-Arm Radiation", "RTRAD"),
    StorageClass(_RT + "16", "RT Radiation Record Set", "RTRECORD"),
    StorageClass(_RT + "17", "RT Radiation Salvage Record", "RTRECORD"),
    StorageClass(_RT + "18", "Tomotherapeutic Radiation Record", "RTRECORD"),
    StorageClass(_RT + "19", "C-Arm Photon-Electron Radiation Record", "RTRECORD"),
    StorageClass(_RT + "20", "Robotic Radiation Record", "RTRECORD"),
    StorageClass(_RT + "21", "RT Radiation Set Delivery Instruction", "PLAN"),
    StorageClass(_RT + "22", "RT Treatment Preparation", "PLAN"),
    StorageClass(_RT + "23", "Enhanced RT Image", "RTIMAGE", pixels=True),
    StorageClass(_RT + "24", "Enhanced Continuous RT Image", "RTIMAGE", pixels=True),
    StorageClass(_RT + "25", "RT Patient Position Acquisition Instruction", "PLAN"),
)
"""First the classes of the first generation, then the second generation's, which are stored."""

STORAGE_BY_UID = {row.uid: row for row in STORAGE}
PLANS = frozenset(row.uid for row in STORAGE if row.modality == "RTPLAN")
"""What a sender wants delivered; only RT Plans are."""

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
"""Of verdicts, which are sent and not taken."""
VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_WATCH = "1.2.840.10008.5.1.4.34.6.2"
UPS_PULL = "1.2.840.10008.5.1.4.34.6.3"
UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"
UPS_GLOBAL_SUBSCRIPTION = "1.2.840.10008.5.1.4.34.5"
RT_CONVENTIONAL_VERIFICATION = "1.2.840.10008.5.1.4.34.8"
