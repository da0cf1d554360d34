"""The ``log`` command on real and on damaged files."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gateway.formats.trajectory_log import (
    LogAxis,
    Scale,
    SubBeam,
    TrajectoryLog,
    write_trajectory_log,
)
from tests import realdata
from tests.e2e.command import inside

TRF = "trf/elekta_agility_3field_imrt_pair.trf"


@pytest.mark.peer
def test_a_trf_is_told_beam_by_beam(tmp_path: Path) -> None:
    """Fraction group 2 of the plan it belongs to: 185.31, 170.58 and 119.69 MU."""
    ran = inside(tmp_path, "--json", "log", str(realdata.real_data(TRF)))
    (log,) = ran.json
    assert log["machine"] == "2619"
    assert [beam["meterset_mu"] for beam in log["beams"]] == pytest.approx(
        [185.31, 170.58, 119.69], abs=0.1
    )  # 0.1 MU: the machine's own display


@pytest.mark.peer
def test_two_banks_are_one_beam(tmp_path: Path) -> None:
    folder = realdata.real_data("dynalog")
    files = [str(folder / name) for name in ("A_static_imrt.dlg", "B_static_imrt.dlg")]
    ran = inside(tmp_path, "--json", "log", *files, "--meterset", "76")
    (log,) = ran.json
    assert log["kind"] == "dynalog"
    assert [beam["meterset_mu"] for beam in log["beams"]] == [76.0]


@pytest.mark.peer
def test_a_share_of_the_dose_is_not_called_mu(tmp_path: Path) -> None:
    bank = str(realdata.real_data("dynalog/AQA.dlg"))
    told = inside(tmp_path, "log", bank).stdout
    assert "MU" not in told.splitlines()[1]
    assert "--meterset" in told
    assert "MU" in inside(tmp_path, "log", bank, "--meterset", "76").stdout.splitlines()[1]


@pytest.mark.peer
def test_an_unpaired_bank_is_refused_by_name(tmp_path: Path) -> None:
    ran = inside(tmp_path, "log", str(realdata.real_data("dynalog/Adlog_no_B.dlg")))
    assert ran.code == 3
    assert "Bdlog_no_B.dlg" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.peer
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_table_has_every_axis_with_its_unit(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"beams.{suffix}"
    ran = inside(tmp_path, "log", str(realdata.real_data(TRF)), "-o", str(out))
    assert ran.code == 0, ran.stderr
    if suffix == "csv":
        with out.open() as file:
            names = next(csv.reader(file))
    else:
        names = pq.read_schema(out).names
    assert {"beam", "time_s", "meterset_mu", "gantry_deg", "Y1_mm", "MLCX_X1_01_mm"} <= set(names)
    assert len([name for name in names if name.startswith("MLCX_")]) == 160


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.bin", b"", 3), ("a.trf", b"\x12", 3), ("a.dlg", b"B\n", 3), ("missing.bin", None, 3)],
)
def test_what_is_no_log_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, code: int
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    ran = inside(tmp_path / "store", "log", str(path))
    assert (ran.code, len(ran.stderr.splitlines())) == (code, 1)
    assert name in ran.stderr


def test_another_file_is_told_what_logs_are_read(tmp_path: Path) -> None:
    assert inside(tmp_path, "plan", "open-field", "-o", str(tmp_path / "plan.dcm")).code == 0
    ran = inside(tmp_path, "log", str(tmp_path / "plan.dcm"))
    assert ran.code == 3
    assert "trajectory log, dynalog (.dlg), TRF" in ran.stderr


def test_a_trajectory_log_need_not_know_the_gantry(tmp_path: Path) -> None:
    axes, beams = ((LogAxis.METERSET, 1),), (SubBeam(0, 1.0, 1.0, 0, b""),)
    values = np.array([[0.0], [1.0]], dtype=np.float32)
    log = TrajectoryLog("3.0", 20, axes, Scale.MACHINE, 0, 2, b"", beams, values, values)
    path = tmp_path / "a.bin"
    path.write_bytes(write_trajectory_log(log))
    ran = inside(tmp_path / "store", "--json", "log", str(path))
    assert (ran.code, ran.json[0]["beams"][0]["gantry_deg"]) == (0, [])
    assert inside(tmp_path / "store", "log", str(path)).code == 0


@pytest.mark.peer
def test_a_table_of_another_kind_is_a_usage_error(tmp_path: Path) -> None:
    ran = inside(tmp_path, "log", str(realdata.real_data(TRF)), "-o", str(tmp_path / "a.xlsx"))
    assert ran.code == 2
    assert ".csv or .parquet" in ran.stderr
