"""What independent readers say about an object: dciodvfy, dcmdump, pydicom."""

import re
import subprocess
import warnings
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from tests.peers import program

FALSE_ERRORS = re.compile(
    r"Error - Attribute present when condition unsatisfied .*"
    r"Element=<(KVP|MetersetExposure|ReferencedFrameNumber)> Module=<RTImage>"
)
"""dciodvfy looks for Image Type inside of the exposure item, where it never is."""

DUAL_LAYER = re.compile(
    r"Error - Unrecognized enumerated value <MLCX[12]> for value 1 "
    r"of attribute <RT Beam Limiting Device Type>"
)
"""The layers of a dual-layer MLC, as its vendor names them; the standard has no term for them."""


def opened(content: bytes) -> Dataset:
    """The dataset, every element parsed; any warning of pydicom fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = pydicom.dcmread(BytesIO(content))
        for element in dataset.iterall():
            assert element.value is None or str(element.value) is not None
    return dataset


def decimal_strings(dataset: Dataset) -> list[str]:
    """Every DS value of ``dataset`` and its items as it stands in the file."""
    found: list[str] = []
    for element in dataset.iterall():
        if element.VR == "DS" and element.value not in (None, ""):
            many = element.VM > 1
            found += [str(value) for value in (element.value if many else [element.value])]
    return found


def dciodvfy_errors(content: bytes, folder: Path) -> list[str]:
    """The error lines of dciodvfy, without its known false ones."""
    command = program("dciodvfy", "dicom3tools")
    file = folder / "object.dcm"
    file.write_bytes(content)
    run = subprocess.run([command, str(file)], capture_output=True, text=True, check=False)
    lines = run.stderr.splitlines() + run.stdout.splitlines()
    known = ("RT", "BasicTextSR", "EncapsulatedPDF")
    assert any(line.startswith(known) for line in lines), "IOD not recognised"
    return [
        line
        for line in lines
        if "Error" in line and not FALSE_ERRORS.match(line) and not DUAL_LAYER.match(line)
    ]


def dcmdump(content: bytes, folder: Path) -> str:
    """The dump of DCMTK; fails the test where DCMTK reports an error or warns."""
    command = program("dcmdump", "dcmtk")
    file = folder / "object.dcm"
    file.write_bytes(content)
    run = subprocess.run([command, str(file)], capture_output=True, check=True)
    assert run.stderr == b""
    return run.stdout.decode("utf-8", errors="replace")
