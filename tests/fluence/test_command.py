"""The ``fluence`` command: maps of plans, logs and deliveries, as files and as figures."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests import realdata
from tests.e2e.command import inside


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    path = folder / "plan.dcm"
    assert inside(folder, "plan", "sliding-window", "-o", str(path)).code == 0
    return path


def test_a_plan_becomes_an_archive_of_maps(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps.npz"
    ran = inside(tmp_path, "--json", "fluence", str(plan), "--grid", "2", "-o", str(out))
    assert ran.code == 0
    row = ran.json[0]
    with np.load(out) as archive:
        values, y_mm, x_mm = archive["beam_1_planned"], archive["y_mm"], archive["x_mm"]
    assert values.shape == (y_mm.size, x_mm.size) == (200, 200)
    assert row["planned_highest_mu"] == pytest.approx(values.max(), abs=1e-3)
    assert row["planned_mu_cm2"] == pytest.approx(values.sum() * 0.04, abs=1e-3)
    assert row["delivered_mu_cm2"] is None


def test_a_delivery_has_both_maps(plan: Path, tmp_path: Path) -> None:
    delivered = inside(tmp_path, "--json", "deliver", str(plan), "--seed", "1")
    ran = inside(tmp_path, "--json", "fluence", delivered.json["delivery_id"])
    (row, *_) = ran.json
    assert row["delivered_mu_cm2"] == pytest.approx(row["planned_mu_cm2"], rel=0.01)
    assert 0.0 < row["largest_difference_mu"] < 0.05 * row["planned_highest_mu"]


def test_a_table_has_a_line_for_each_row(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps.csv"
    inside(tmp_path, "fluence", str(plan), "--grid", "5", "-o", str(out))
    with out.open(encoding="ascii") as file:
        lines = list(csv.reader(file))
    assert lines[0][:3] == ["map (MU)", "y_mm", "x -197.5 mm"]
    assert lines[1][:2] == ["beam_1_planned", "-197.5"]
    assert (len(lines) - 1) % 80 == 0


@pytest.mark.peer
def test_the_log_of_a_real_beam_gives_the_fluence_of_its_plan(tmp_path: Path) -> None:
    plan = realdata.real_data("rtplan/elekta_monaco_dmlc_2fractiongroups.dcm")
    log = realdata.real_data("trf/elekta_agility_3field_imrt_pair.trf")
    ran = inside(
        tmp_path, "--json", "fluence", str(plan), "--fraction-group", "2", "--log", str(log)
    )
    assert len(ran.json) == 3
    for row in ran.json:  # 1 %: what leaves are off on the edges of segments, by the log itself
        assert row["delivered_mu_cm2"] == pytest.approx(row["planned_mu_cm2"], rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "wants a plan file"),
        (["--log", "some.trf"], "--machine"),
        (["PLAN", "--grid", "0"], "--grid"),
        (["PLAN", "--beam", "77"], "--beam 77"),
        (["PLAN", "-o", "map.png"], ".npz or .csv"),
        (["no-such-plan.dcm"], "no-such-plan.dcm: no such file"),
        (["no-such-delivery"], "no record store"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_a_line(
    plan: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    given = [str(plan) if argument == "PLAN" else argument for argument in arguments]
    ran = inside(tmp_path, "fluence", *given)
    assert ran.code != 0
    assert words in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
