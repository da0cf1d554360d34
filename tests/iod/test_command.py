"""The ``validate`` command: a line for each file, whatever is in a folder; exit codes."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import validate as files
from tests.e2e.command import Result, argv, environment, inside
from tests.iod.objects import OBJECTS, encoded, opened


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.dcm"
    path.write_bytes(OBJECTS["ct"]())
    return path


def broken(folder: Path) -> Path:
    dataset = opened(OBJECTS["ion plan"]())
    dataset.IonBeamSequence[0].NumberOfControlPoints = 9
    path = folder / "broken.dcm"
    path.write_bytes(encoded(dataset))
    return path


def gateway(*arguments: str) -> Result:
    return inside(Path("unused"), *arguments)


def shell(tmp_path: Path, arguments: str) -> subprocess.CompletedProcess[str]:
    program = shlex.join(argv(tmp_path / "store"))
    return subprocess.run(
        f"{program} {arguments}",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )


def rows(*arguments: object) -> tuple[list[dict[str, Any]], int]:
    done = gateway("validate", *map(str, arguments), "--json")
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()], done.code


def test_one_line_of_json_for_each_file(clean: Path, tmp_path: Path) -> None:
    found, code = rows(clean, broken(tmp_path))
    assert code == 1
    assert found[0] == {"file": str(clean), "sop_class": "CT Image Storage", "findings": []}
    assert found[1]["sop_class"] == "RT Ion Plan Storage"
    assert found[1]["findings"] == [
        {
            "severity": "error",
            "rule": "item-count",
            "path": "IonBeamSequence[0].NumberOfControlPoints",
            "message": "9 are declared, 4 are here",
            "clause": "PS3.3 C.8.8.25",
        }
    ]


def test_nothing_wrong_ends_well(clean: Path) -> None:
    done = gateway("validate", str(clean))
    assert done.code == 0
    assert done.stdout.splitlines() == [
        f"{clean}: CT Image Storage: valid",
        "1 file, 0 with errors",
    ]


def test_whatever_a_folder_holds_has_its_line(clean: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "round").symlink_to(tmp_path)
    (inner / "nowhere").symlink_to(tmp_path / "not here")
    os.mkfifo(inner / "pipe")
    (inner / "notes.txt").write_text("No object: a few words about the scans in this folder.\n")
    (inner / "nothing").touch()
    with (inner / "huge").open("wb") as huge:
        huge.truncate(files.LONGEST_BYTES + 1)
    os.close(os.open(os.fsencode(inner) + b"/\xff", os.O_CREAT))
    found, code = rows(tmp_path)
    assert code == 1
    told = {
        row["file"].removeprefix(f"{inner}/"): row["findings"][0]["message"]
        for row in found
        if row["findings"]
    }
    assert [row["file"] for row in found if not row["findings"]] == [str(clean)]
    assert told == {
        "notes.txt": "no DICOM file; it is passed over",
        "nothing": "no DICOM object: the file is empty",
        "huge": "more than 2 GiB are not read",
        "\\xff": "no DICOM object: the file is empty",
    }


def test_a_result_with_its_report_is_valid(clean: Path, tmp_path: Path) -> None:
    """A file that is named is judged, whatever it is; in a folder it may be something else."""
    page = tmp_path / "report.html"
    page.write_text("<!doctype html>" + 200 * " ")
    found, code = rows(tmp_path)
    assert code == 0
    assert {row["file"]: [one["severity"] for one in row["findings"]] for row in found} == {
        str(clean): [],
        str(page): ["info"],
    }
    assert rows(page)[1] == 1


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(top: Path, onerror: Callable[[OSError], None]) -> list[Any]:
        onerror(PermissionError(13, "Permission denied", str(top / "closed")))
        return []

    monkeypatch.setattr(os, "walk", walk)
    (found,) = files.validate_files([tmp_path])
    assert found.path == str(tmp_path / "closed")
    assert [one.message for one in found.findings] == ["Permission denied"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (("none", "there is no such"), ("pipe", "is neither a file nor a folder")):
        done = gateway("validate", str(tmp_path / path))
        assert done.code == 3
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_nobody_has_to_read_to_the_end(tmp_path: Path, clean: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.dcm").write_bytes(clean.read_bytes())
    done = shell(tmp_path, f"validate {shlex.quote(str(tmp_path))} --json | head -n 1")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_without_an_output_there_is_an_exit_code(clean: Path, tmp_path: Path) -> None:
    done = shell(tmp_path, f"validate {shlex.quote(str(clean))} --json >&-")
    assert (done.returncode, done.stderr) == (0, "")
