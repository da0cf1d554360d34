"""Whatever is given instead of a plan: one clear line, exit 1 or 3, never a traceback."""

import random
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from tests.e2e.command import run
from tests.e2e.deliveries import generated
from tests.realdata import real_data


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(4096))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * 2**30)


def truncated(path: Path) -> None:
    whole = generated(path.parent, "open-field").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def with_number(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        dataset = pydicom.dcmread(generated(path.parent, "open-field"))
        point = dataset.BeamSequence[0].ControlPointSequence[0]
        point.add(
            pydicom.DataElement("GantryAngle", "DS", text, validation_mode=pydicom.config.IGNORE)
        )
        with pydicom.config.disable_value_validation():
            dataset.save_as(path)
        assert text.encode() in path.read_bytes()

    return write


def duplicated_tag(path: Path) -> None:
    content = generated(path.parent, "open-field").read_bytes()
    label = content.index(b"\x0a\x30\x02\x00SH")
    length = int.from_bytes(content[label + 6 : label + 8], "little")
    element = content[label : label + 8 + length]
    path.write_bytes(content[:label] + element + content[label:])


CASES: list[tuple[str, Callable[[Path], object], int]] = [
    ("random", random_bytes, 3),
    ("empty", Path.touch, 3),
    ("folder", Path.mkdir, 3),
    ("sparse", sparse, 3),
    ("truncated", truncated, 1),
    ("nan", with_number("nan"), 1),
    ("inf", with_number("inf"), 1),
    ("1e400", with_number("1e400"), 1),
    ("duplicate", duplicated_tag, 1),
]


@pytest.mark.parametrize(("name", "make", "code"), CASES, ids=[case[0] for case in CASES])
def test_garbage_is_refused(
    tmp_path: Path, name: str, make: Callable[[Path], object], code: int
) -> None:
    path = tmp_path / f"{name}.dcm"
    make(path)
    out = tmp_path / "out"
    result = run(tmp_path / "store", "deliver", str(path), "--out", str(out))
    assert result.code == code, result.stderr
    lines = result.stderr.splitlines()
    assert all(line.startswith(("error: ", "refused: ")) for line in lines), lines
    assert len(set(lines)) == len(lines) > 0
    assert (out / "summary.json").is_file()
    assert run(tmp_path / "store", "check", str(path)).code == code


def test_a_ct_slice_and_an_absent_file(tmp_path: Path) -> None:
    absent = run(tmp_path / "store", "deliver", str(tmp_path / "absent.dcm"))
    assert absent.code == 3
    assert len(absent.stderr.strip().splitlines()) == 1
    slice_ = run(
        tmp_path / "store", "deliver", str(real_data("ct/sliding_window_4beam_ct_slice.dcm"))
    )
    assert slice_.code == 1
    assert "CT Image Storage" in slice_.stderr
