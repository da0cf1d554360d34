"""Real objects beside dciodvfy, and drtdump where that aborts: who finds what, and who is right.

Each difference is in docs/validation.md, with its clause.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding, Severity
from tests import peers, realdata
from tests.iod.objects import WITH_MEANING

FOLDERS = ("rtplan", "rtionplan", "rtdose", "rtstruct", "rtimage", "ct")
NAMED = re.compile(r"([A-Z]\w+)\([0-9a-f]{4},[0-9a-f]{4}\)(?:\[\d+\])?>[^/]*$")
DUMPED = re.compile(r"[EW]: (\w+) \([0-9a-f]{4},[0-9a-f]{4}\)")
ABORTED = -6
DAMAGED = "rtplan/pydicom_truncated.dcm", "rtimage/corrupt_crlf_drr.dcm"
"""Of which nothing is said but that they are damaged."""
ALONE = {
    "rtdose/orientation_*": {"PixelData"},
    "rtdose/pydicom_rtdose*": {"MediaStorageSOPInstanceUID"},
}
"""Errors that only this program finds; drtdump, which is asked there, says less."""
THEIRS = {
    "ct/*": {"Laterality"},
    "rtimage/*": {"KVP", "MetersetExposure", "ReferencedFrameNumber", "PlanarConfiguration"},
    "rtionplan/*": {"ModulatedScanModeType"},
    "rtstruct/*": {"FrameOfReferenceUID", "PositionReferenceIndicator"},
}
"""Errors of dciodvfy that the text of the standard does not have, or that no program can decide."""


def real_objects() -> list[str]:
    root = realdata.ROOT
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.dcm"))
    return sorted(str(path.relative_to(root)) for path in found)


@pytest.mark.peer
@pytest.mark.parametrize("name", real_objects())
def test_no_error_is_found_that_is_none(name: str) -> None:
    said = complaints(realdata.real_data(name))
    errors = {leaf(one) for one in found(name) if one.severity is Severity.ERROR}
    assert name in DAMAGED or errors - said <= listed(ALONE, name)


@pytest.mark.peer
@pytest.mark.parametrize("name", real_objects())
def test_no_error_of_others_is_missed(name: str) -> None:
    said = complaints(realdata.real_data(name))
    if name in DAMAGED:
        assert [one.rule for one in found(name)] == ["damaged"]
    else:
        assert said - {leaf(one) for one in found(name)} <= listed(THEIRS, name)


@pytest.mark.peer
@pytest.mark.parametrize("kind", WITH_MEANING)
def test_objects_that_are_broken_in_tests_are_clean(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "object.dcm"
    path.write_bytes(WITH_MEANING[kind]())
    assert complaints(path) <= set().union(*THEIRS.values()) | {"TreatmentVerificationStatus"}


@cache
def complaints(path: Path) -> set[str]:
    """The attributes that dciodvfy has errors about, or that drtdump names."""
    lines, ended = output("dciodvfy", "dicom3tools", "-new", str(path))
    pattern = NAMED
    lines = [line for line in lines if line.startswith("Error")]
    if ended == ABORTED:
        pattern = DUMPED
        lines, _ = output("drtdump", "dcmtk", str(path))
    return {match[1] for match in map(pattern.search, lines) if match}


def output(name: str, package: str, *arguments: str) -> tuple[list[str], int]:
    program = peers.program(name, package)
    ran = subprocess.run([program, *arguments], capture_output=True, check=False, timeout=60)
    return (ran.stdout + ran.stderr).decode(errors="replace").splitlines(), ran.returncode


@cache
def found(name: str) -> tuple[Finding, ...]:
    return validate(realdata.real_data(name).read_bytes()).findings


def leaf(finding: Finding) -> str:
    return re.sub(r"\[\d+\]", "", finding.path.rsplit(".", 1)[-1])


def listed(differences: dict[str, set[str]], name: str) -> set[str]:
    return {
        attribute
        for pattern, attributes in differences.items()
        if Path(name).match(pattern) or Path(name).parent.match(pattern.rstrip("/*"))
        for attribute in attributes
    }
