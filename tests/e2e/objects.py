"""What other programs say of the objects that we write."""

import re
import subprocess
import warnings
from pathlib import Path

import pydicom

from tests.peers import program

_KNOWN_FALSE = re.compile(
    r"Attribute present when condition unsatisfied .*"
    r"Element=<(KVP|MetersetExposure|ReferencedFrameNumber)> Module=<RTImage>"
)


def dciodvfy_errors(path: Path) -> list[str]:
    """Its errors without the three that it raises wrongly inside Exposure Sequence."""
    done = subprocess.run(
        [program("dciodvfy", "dicom3tools"), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = (done.stdout + done.stderr).splitlines()
    errors = [line for line in lines if line.startswith("Error")]
    return [line for line in errors if not _KNOWN_FALSE.search(line)]


def opens_without_warning(path: Path) -> pydicom.Dataset:
    """The dataset, every element of it decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = pydicom.dcmread(path)
        for _ in dataset.iterall():
            pass
    return dataset
