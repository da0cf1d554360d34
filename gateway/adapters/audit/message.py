"""An audit event as the XML of PS3.15 A.5.1."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from gateway.domain.audit import AuditEvent, AuditKind
from gateway.domain.units import NS_PER_S

_EVENTS = {
    AuditKind.APPLICATION_START: ("110100", "Application Activity", "E"),
    AuditKind.APPLICATION_STOP: ("110100", "Application Activity", "E"),
    AuditKind.ASSOCIATION: ("110114", "User Authentication", "E"),
    AuditKind.INSTANCES_RECEIVED: ("110104", "DICOM Instances Transferred", "C"),
    AuditKind.INSTANCES_SENT: ("110104", "DICOM Instances Transferred", "R"),
    AuditKind.INSTANCES_ACCESSED: ("110103", "DICOM Instances Accessed", "R"),
    AuditKind.QUERY: ("110112", "Query", "E"),
    AuditKind.SECURITY_ALERT: ("110113", "Security Alert", "E"),
    AuditKind.DELIVERY: ("110111", "Procedure Record", "U"),
}
"""Event identifiers of DCMR context group 400, and event action codes (A.5.3)."""
_TYPES = {
    AuditKind.APPLICATION_START: ("110120", "Application Start"),
    AuditKind.APPLICATION_STOP: ("110121", "Application Stop"),
    AuditKind.ASSOCIATION: ("110126", "Node Authentication"),
    AuditKind.SECURITY_ALERT: ("110126", "Node Authentication"),
}
"""Event types of context group 401."""
SUCCESS, SERIOUS_FAILURE = "0", "8"
_IP_ADDRESS = "2"
_SOURCE, _DESTINATION = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
_SYSTEM_OBJECT, _STUDY_ROLE = "2", "3"


def audit_message(event: AuditEvent, source: str) -> bytes:
    """The message of one event; ``source`` names this node in the enterprise."""
    root = ET.Element("AuditMessage")
    code, meaning, action = _EVENTS[event.kind]
    identification = ET.SubElement(
        root,
        "EventIdentification",
        EventActionCode=action,
        EventDateTime=_date_time(event.at_ns),
        EventOutcomeIndicator=SUCCESS if event.succeeded else SERIOUS_FAILURE,
    )
    _code(identification, "EventID", code, meaning)
    if event.kind in _TYPES:
        _code(identification, "EventTypeCode", *_TYPES[event.kind])
    if event.reason:
        ET.SubElement(identification, "EventOutcomeDescription").text = event.reason
    _participant(root, event.calling_ae or event.address or source, _SOURCE, event.address)
    _participant(root, event.called_ae or source, _DESTINATION, "")
    ET.SubElement(root, "AuditSourceIdentification", AuditSourceID=source)
    if event.subject:
        subject = ET.SubElement(
            root,
            "ParticipantObjectIdentification",
            ParticipantObjectID=event.subject,
            ParticipantObjectTypeCode=_SYSTEM_OBJECT,
            ParticipantObjectTypeCodeRole=_STUDY_ROLE,
        )
        _code(subject, "ParticipantObjectIDTypeCode", "110180", "Study Instance UID")
    message: bytes = ET.tostring(root, encoding="utf-8")
    return message


def _code(parent: ET.Element, name: str, code: str, meaning: str) -> None:
    ET.SubElement(
        parent,
        name,
        {"csd-code": code, "codeSystemName": "DCM", "originalText": meaning},
    )


def _participant(root: ET.Element, user: str, role: tuple[str, str], address: str) -> None:
    attributes = {"UserID": user, "UserIsRequestor": "true" if role is _SOURCE else "false"}
    if address:
        attributes |= {
            "NetworkAccessPointID": address,
            "NetworkAccessPointTypeCode": _IP_ADDRESS,
        }
    participant = ET.SubElement(root, "ActiveParticipant", attributes)
    _code(participant, "RoleIDCode", *role)


def _date_time(at_ns: int) -> str:
    seconds, rest = divmod(at_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    return moment.isoformat(timespec="milliseconds")
