"""Objects without the identity of people: what leaves for peers that are sent pseudonyms.

The Basic Application Level Confidentiality Profile of PS3.15 annex E with the options to retain
full dates and device identity, which quality assurance of a machine needs, and to clean structured
content, since a verdict without its sentences says nothing. The same person, UID and label are
given the same pseudonym in every object, so that a record still refers to its plan.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from io import BytesIO

from pydicom import DataElement, Dataset, dcmread, dcmwrite
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from gateway.dicom.confidentiality import actions
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.domain.errors import InputError

METHOD = "Basic Application Confidentiality Profile; full dates and device identity retained"
CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113104", "Clean Structured Content Option"),
    ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    ("113109", "Retain Device Identity Option"),
)
"""Of DCM context group 7050."""
STANDARD_ROOT = "1.2.840.10008."
_TEXT_VRS = frozenset({"LT", "ST", "UC", "UR", "UT"})
_NAMES = frozenset({"PN"})
_EMPTIED = frozenset(
    [
        "InstitutionName",
        "AccessionNumber",
        "PatientBirthDate",
        "PatientSex",
        "ReferringPhysicianName",
        "StudyID",
        "OperatorsName",
        "ReviewerName",
        "PatientID",
        "PatientName",
        "ConsultingPhysicianName",
        "RequestingPhysician",
        "PerformingPhysicianName",
        "PhysiciansOfRecord",
        "NameOfPhysiciansReadingStudy",
        "ApproverName",
        "VerifyingObserverName",
        "PersonName",
        "FillerOrderNumberImagingServiceRequest",
        "PlacerOrderNumberImagingServiceRequest",
        "TimezoneOffsetFromUTC",
    ]
)
_REMOVED = frozenset(
    [
        "PatientAge",
        "PatientBirthTime",
        "PatientBirthName",
        "PatientMotherBirthName",
        "OtherPatientIDs",
        "OtherPatientIDsSequence",
        "OtherPatientNames",
        "IssuerOfPatientID",
        "IssuerOfPatientIDQualifiersSequence",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "PatientTelecomInformation",
        "PatientInsurancePlanCodeSequence",
        "PatientPrimaryLanguageCodeSequence",
        "PatientReligiousPreference",
        "PatientSize",
        "PatientWeight",
        "PatientState",
        "PatientComments",
        "EthnicGroup",
        "EthnicGroupCodeSequence",
        "Occupation",
        "MilitaryRank",
        "BranchOfService",
        "CountryOfResidence",
        "RegionOfResidence",
        "MedicalRecordLocator",
        "MedicalAlerts",
        "Allergies",
        "SmokingStatus",
        "PregnancyStatus",
        "LastMenstrualDate",
        "AdditionalPatientHistory",
        "AdmissionID",
        "AdmittingDiagnosesDescription",
        "AdmittingDiagnosesCodeSequence",
        "ReferencedPatientSequence",
        "ReferencedPatientPhotoSequence",
        "ResponsiblePerson",
        "ResponsiblePersonRole",
        "ResponsibleOrganization",
        "InstitutionAddress",
        "InstitutionCodeSequence",
        "InstitutionalDepartmentName",
        "InstitutionalDepartmentTypeCodeSequence",
        "ReferringPhysicianAddress",
        "ReferringPhysicianTelephoneNumbers",
        "ReferringPhysicianIdentificationSequence",
        "ConsultingPhysicianIdentificationSequence",
        "PerformingPhysicianIdentificationSequence",
        "PhysiciansOfRecordIdentificationSequence",
        "PhysiciansReadingStudyIdentificationSequence",
        "OperatorIdentificationSequence",
        "RequestAttributesSequence",
        "RequestingService",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
        "ScheduledProcedureStepID",
        "ScheduledProcedureStepDescription",
        "PerformedProcedureStepID",
        "PerformedProcedureStepDescription",
        "StudyDescription",
        "SeriesDescription",
        "StudyComments",
        "ImageComments",
        "ProtocolName",
        "PersonIdentificationCodeSequence",
        "PersonAddress",
        "PersonTelephoneNumbers",
        "OriginalAttributesSequence",
        "ModifiedAttributesSequence",
        "DigitalSignaturesSequence",
        "MACParametersSequence",
        "EncryptedAttributesSequence",
        "IconImageSequence",
        "SourceApplicationEntityTitle",
        "ContributingEquipmentSequence",
        "RTPlanDescription",
        "StructureSetDescription",
        "RTImageDescription",
        "PrescriptionDescription",
        "SetupTechniqueDescription",
        "TreatmentTerminationDescription",
        "InterpretationAuthor",
        "TextComments",
        "TextString",
    ]
)
_CURVES, _OVERLAYS = range(0x5000, 0x5100), range(0x6000, 0x6100)
_DUMMY_CHARACTERS = 12
_BYTES = frozenset({"OB", "OW", "UN"})
_CALLED = 2
_WORD = re.compile(r"\w{3,}|[^\W\x00-\x7f]+")
_SENTENCES = "TextValue"
_CLEANED = "-"
_KEPT_UIDS = frozenset({"SOPClassUID", "ReferencedSOPClassUID", "TransferSyntaxUID"})


def pseudonymise(content: bytes, secret: bytes) -> bytes:
    """A DICOM file as one of a pseudonym; pixel data stay. Raises InputError for what is none."""
    try:
        with quietly():
            dataset = dcmread(BytesIO(content))
            _Concealer(secret).conceal(dataset)
            _declare(dataset)
            dataset.file_meta.MediaStorageSOPInstanceUID = UID(str(dataset.SOPInstanceUID))
            return _encoded(dataset)
    except READING_ERRORS as problem:
        raise InputError(f"identities cannot be taken out of it: {problem}") from problem


class _Concealer:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._names: Collection[str] = ()

    def conceal(self, dataset: FileDataset) -> None:
        person = self._digest("patient", str(dataset.get("PatientID", ""))).hex()[:12].upper()
        self._names = _words(dataset)
        self._conceal(dataset)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientID = person
        dataset.PatientName = f"Pseudonym^{person}"
        for keyword in ("SourceApplicationEntityTitle", "PrivateInformation"):
            dataset.file_meta.pop(keyword, None)

    def _conceal(self, dataset: Dataset) -> None:
        dataset.remove_private_tags()
        for element in list(dataset):
            if _is_removed(element):
                del dataset[element.tag]
            elif element.VR == "SQ":
                self._conceal_items(element)
            elif element.VR == "UI" and element.keyword not in _KEPT_UIDS:
                self._rename(element)
            else:
                self._conceal_value(element)

    def _conceal_items(self, element: DataElement) -> None:
        if actions().get(int(element.tag)) == "Z":
            element.value = []
        for item in element.value or ():
            self._conceal(item)

    def _conceal_value(self, element: DataElement) -> None:
        action = actions().get(int(element.tag))
        if element.keyword == _SENTENCES:
            element.value = self._cleaned(str(element.value or ""))
        elif element.keyword in _EMPTIED or element.VR in _NAMES | _TEXT_VRS or action == "Z":
            element.value = None if element.VR != "PN" else ""
        elif action == "D" and not element.is_empty:
            digest = self._digest("label", str(element.value)).hex()[:_DUMMY_CHARACTERS].upper()
            element.value = digest.encode() if element.VR in _BYTES else digest

    def _cleaned(self, sentence: str) -> str:
        """A sentence of a report without the words that name its patient."""
        for name in sorted(self._names, key=len, reverse=True):
            word = re.escape(name)
            pattern = rf"\b{word}\b" if name.isascii() else word
            sentence = re.sub(pattern, _CLEANED, sentence, flags=re.IGNORECASE)
        return sentence

    def _rename(self, element: DataElement) -> None:
        given = element.value
        several = [given] if isinstance(given, str) else list(given or ())
        renamed = [self._uid(str(one)) for one in several]
        element.value = renamed[0] if len(renamed) == 1 else renamed

    def _uid(self, uid: str) -> str:
        if not uid or uid.startswith(STANDARD_ROOT):
            return uid
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16], 'big')}"

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{kind}\0{text}".encode(), hashlib.sha256).digest()


def _words(dataset: Dataset) -> Collection[str]:
    """What the patient is called by: the identifier, and words of the name of three letters."""
    words = set(_WORD.findall(str(dataset.get("PatientName", ""))))
    identifier = str(dataset.get("PatientID", "") or "")
    return words | ({identifier} if len(identifier) >= _CALLED else set())


def _is_removed(element: DataElement) -> bool:
    return (
        element.keyword in _REMOVED
        or not element.keyword
        or element.tag.group in _CURVES
        or (element.tag.group in _OVERLAYS and element.tag.element in (0x3000, 0x4000))
        or actions().get(int(element.tag)) == "X"
    )


def _declare(dataset: Dataset) -> None:
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD[:64]
    dataset.LongitudinalTemporalInformationModified = "UNMODIFIED"
    dataset.DeidentificationMethodCodeSequence = [_code(*code) for code in CODES]


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning[:64]
    return item


def _encoded(dataset: FileDataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
