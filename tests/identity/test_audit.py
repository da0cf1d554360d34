"""The audit trail: a line for each event, by the standard's terms, kept whatever comes."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.adapters.audit import trail as trails
from gateway.adapters.audit.message import audit_message
from gateway.adapters.audit.trail import AuditTrail
from gateway.domain.audit import AuditEvent, AuditKind

AT_NS = 1_780_000_000_123_000_000


@pytest.mark.parametrize("kind", AuditKind)
@pytest.mark.parametrize("reason", ["", "calling AE title not recognised <&>"])
def test_a_message_has_what_the_schema_wants(kind: AuditKind, reason: str) -> None:
    event = AuditEvent(kind, AT_NS, "127.0.0.1", "PLANNER", "LINAC", "1.2.3", reason)
    root = ET.fromstring(audit_message(event, "LINAC"))
    names = [child.tag for child in root]
    assert names == [
        "EventIdentification",
        "ActiveParticipant",
        "ActiveParticipant",
        "AuditSourceIdentification",
        "ParticipantObjectIdentification",
    ]
    identification = root[0]
    assert identification.attrib["EventOutcomeIndicator"] == ("8" if reason else "0")
    assert identification.attrib["EventDateTime"] == "2026-05-28T20:26:40.123+00:00"
    assert identification[0].tag == "EventID"
    assert identification[0].attrib["codeSystemName"] == "DCM"
    assert root[1].attrib["NetworkAccessPointID"] == "127.0.0.1"
    assert root[3].attrib["AuditSourceID"] == "LINAC"


def test_lines_are_appended_and_old_files_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trails, "LONGEST_BYTES", 3_000)
    trail = AuditTrail(tmp_path, "LINAC")
    for number in range(20):
        trail.tell(AuditEvent(AuditKind.QUERY, AT_NS, calling_ae=f"AE{number}"))
    trail.close()
    files = sorted(tmp_path.iterdir(), key=lambda path: -path.stat().st_mtime_ns)
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert len(lines) == 20
    assert len(files) > 2
    assert all(line.startswith("<85>1 2026-05-28T20:26:40.123+00:00 ") for line in lines)
    assert {f'UserID="AE{number}"' in "".join(lines) for number in range(20)} == {True}
    assert (tmp_path / "audit.log").stat().st_mode & 0o777 == 0o600


def test_a_trail_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path, "LINAC")
    trail.close()
    trail.tell(AuditEvent(AuditKind.QUERY, AT_NS))
    assert trail.lost == 1
