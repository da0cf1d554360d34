"""Real objects: no error that dciodvfy does not see, but those that the standard's text has."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding, Severity
from tests import peers, realdata

FOLDERS = ("rtplan", "rtionplan", "rtdose", "rtstruct", "rtimage", "ct")
ALONE = {
    "rtdose/*": {
        "OperatorsName",
        "PixelData",
        "ReferencedSOPInstanceUID",
        "MediaStorageSOPInstanceUID",
    },
}
"""See docs/validation.md: dciodvfy aborts on doses of 32 bits."""


def real_objects() -> list[str]:
    root = realdata.ROOT
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.dcm"))
    return sorted(str(path.relative_to(root)) for path in found)


@pytest.mark.peer
@pytest.mark.parametrize("name", real_objects())
def test_errors_are_those_that_dciodvfy_has(name: str) -> None:
    program = peers.program("dciodvfy", "dicom3tools")
    path = realdata.real_data(name)
    ran = subprocess.run([program, "-new", str(path)], capture_output=True, check=False, timeout=60)
    said = (ran.stdout + ran.stderr).decode(errors="replace").replace(" ", "")
    errors = [one for one in validate(path.read_bytes()).findings if is_error(one)]
    alone = {leaf(one) for one in errors if leaf(one) not in said}
    known = {
        attribute
        for pattern, them in ALONE.items()
        if Path(name).match(pattern)
        for attribute in them
    }
    assert alone <= known, [str(one) for one in errors]


def is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def leaf(finding: Finding) -> str:
    return re.sub(r"\[\d+\]", "", finding.path.rsplit(".", 1)[-1])
