"""The folder that ``--out`` names: results of the latest delivery, and of no other."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.app.machine_files import LOG_FILES
from gateway.app.summary import as_json
from gateway.domain.errors import InputError

_OURS = (
    "summary.json",
    "treatment_record.dcm",
    "verdict.dcm",
    "report.html",
    "report.pdf",
    "report.dcm",
    "images/image_beam_*.dcm",
    "telemetry/telemetry_beam_*.parquet",
    f"logs/{LOG_FILES}",
)


def prepare(out: Path) -> None:
    """Make the folder and take an older delivery's results out of it.

    Raises InputError when it cannot be written: better before a beam than after it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for pattern in _OURS:
            for old in out.glob(pattern):
                old.unlink()
    except OSError as error:
        raise _unwritable(out, error) from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise InputError(f"{out}: cannot be written: Permission denied")


def export(directory: Path, out: Path) -> None:
    """Copy a delivery's results: images and telemetry into folders of their own.

    Raises InputError.
    """
    folders = {
        "image_beam_*.dcm": "images",
        "telemetry_beam_*.parquet": "telemetry",
        LOG_FILES: "logs",
        "treatment_record.dcm": "",
        "verdict.dcm": "",
        "report.html": "",
        "report.pdf": "",
        "report.dcm": "",
        "summary.json": "",
    }
    try:
        for pattern, folder in folders.items():
            for file in sorted(directory.glob(pattern)):
                (out / folder).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, out / folder / file.name)
    except OSError as error:
        raise _unwritable(out, error) from error


def leave_summary(out: Path, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json`` alone. Raises InputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "summary.json").write_text(as_json(summary), encoding="utf-8")
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> InputError:
    return InputError(f"{out}: cannot be written: {error.strerror or error}")
