"""The ``image`` command on simulated, real and damaged files."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests import realdata
from tests.e2e.command import inside
from tests.portal.simulated import exposed, file_of, picket_fence, row

OPEN = (-50.0, 40.0, -30.0, 60.0)


@pytest.fixture(scope="module")
def open_field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    return file_of(folder / "open.dcm", exposed(row(OPEN, -100.0, 100.0), 50.0, seed=1))


def test_an_open_field_is_told_side_by_side(tmp_path: Path, open_field: Path) -> None:
    ran = inside(tmp_path, "--json", "image", str(open_field))
    (shown,) = ran.json
    assert (ran.code, shown["kind"], shown["assumed"]) == (0, "open field", {})
    edges = {axis: edge["value"] for axis, edge in shown["edges_mm"].items()}
    wanted = dict(zip(("X1", "X2", "Y1", "Y2"), OPEN, strict=True))
    assert edges == pytest.approx(wanted, abs=0.05)
    assert [one["value"] for one in shown["centre_mm"]] == pytest.approx([-5.0, 15.0], abs=0.05)


def test_people_see_the_same(tmp_path: Path, open_field: Path) -> None:
    told = inside(tmp_path, "image", str(open_field)).stdout
    assert "open field" in told
    assert "X2 40.0" in told or "X2 39.9" in told


def test_leaves_need_a_machine(tmp_path: Path) -> None:
    low = np.where(np.arange(60) % 2, -20.0, -26.0)
    frame = exposed(row((-60.0, 60.0, -50.0, 50.0), low, 30.0), 50.0, seed=1)
    path = file_of(tmp_path / "mlc.dcm", frame)
    (shown,) = inside(tmp_path, "--json", "image", str(path)).json
    assert shown["kind"] == "MLC field"
    assert "--machine" in shown["note"]
    (shown,) = inside(tmp_path, "--json", "image", str(path), "--machine", "truebeam-m120").json
    leaves = {one["leaf"]: one for one in shown["leaves"]}
    assert leaves[30]["X1_mm"] == pytest.approx(-20.0, abs=0.1)
    assert leaves[31]["X1_mm"] == pytest.approx(-26.0, abs=0.1)
    assert leaves[31]["X2_mm"] == pytest.approx(30.0, abs=0.1)
    assert shown["panel"] == "as1200"


def test_a_picket_fence_names_its_worst_leaf(tmp_path: Path) -> None:
    centres = np.linspace(-40.0, 40.0, 5)
    rows = picket_fence(centres, 4.0, (-60.0, 60.0, -60.0, 60.0), {("X2", 33, 2): 0.8})
    path = file_of(tmp_path / "pf.dcm", exposed(rows, 10.0, seed=1))
    ran = inside(tmp_path, "--json", "image", str(path), "--machine", "truebeam-m120")
    (shown,) = ran.json
    assert shown["kind"] == "picket fence"
    worst = shown["worst"]
    assert (worst["leaf"], worst["bank"], worst["picket"]) == (33, "X2", 3)
    assert worst["error_mm"] == pytest.approx(0.8, abs=0.05)
    assert (
        "leaf 33 of X2, picket 3"
        in inside(tmp_path, "image", str(path), "--machine", "truebeam-m120").stdout
    )


def test_what_is_missing_is_named_with_its_option_and_may_be_given(
    tmp_path: Path, open_field: Path
) -> None:
    dataset = pydicom.dcmread(open_field)
    del dataset.RTImageSID
    path = tmp_path / "without.dcm"
    dataset.save_as(path)
    ran = inside(tmp_path, "image", str(path))
    assert ran.code == 3
    assert len(ran.stderr.splitlines()) == 1
    assert "RTImageSID" in ran.stderr
    assert "--sid" in ran.stderr
    (shown,) = inside(tmp_path, "--json", "image", str(path), "--sid", "1500").json
    assert shown["assumed"] == {"RTImageSID": "an option"}
    assert shown["edges_mm"]["X2"]["value"] == pytest.approx(40.0, abs=0.05)


def test_a_named_panel_and_machine_fill_what_is_missing(tmp_path: Path, open_field: Path) -> None:
    dataset = pydicom.dcmread(open_field)
    del dataset.RTImageSID, dataset.RadiationMachineSAD, dataset.ImagePlanePixelSpacing
    path = tmp_path / "without.dcm"
    dataset.save_as(path)
    options = ("--panel", "as1200", "--machine", "truebeam-m120")
    (shown,) = inside(tmp_path, "--json", "image", str(path), *options).json
    assert shown["assumed"] == {
        "ImagePlanePixelSpacing": "panel as1200",
        "RTImageSID": "panel as1200",
        "RadiationMachineSAD": "machine truebeam-m120",
        "RTImagePosition": "a panel centred on its origin",
    }
    assert shown["edges_mm"]["X2"]["value"] == pytest.approx(40.0, abs=0.05)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--sign", "2"], 2),
        (["--sid", "-1"], 2),
        (["--sid", "nan"], 2),
        (["--panel-at", "1"], 2),
        (["--panel-at", "nan,1"], 2),
        (["--machine", "none"], 2),
        (["--panel", "none"], 2),
    ],
)
def test_options_that_cannot_be_are_one_line(
    tmp_path: Path, open_field: Path, options: list[str], code: int
) -> None:
    ran = inside(tmp_path, "image", str(open_field), *options)
    assert ran.code == code
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [None, b"", b"something else"])
def test_what_is_no_image_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "image.dcm"
    if content is not None:
        path.write_bytes(content)
    ran = inside(tmp_path, "image", str(path))
    assert ran.code == 3
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("as1200_picket_fence", "picket fence"),
        ("as1000_picket_fence_left_right", "picket fence"),
        ("winston_lutz/gantry90", "ball bearing"),
        ("starshot_coll30", "open field"),
    ],
)
def test_real_images_are_told_apart(tmp_path: Path, name: str, kind: str) -> None:
    path = realdata.real_data(f"rtimage/{name}.dcm")
    (shown,) = inside(tmp_path, "--json", "image", str(path)).json
    assert shown["kind"] == kind
