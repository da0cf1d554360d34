"""``linac-gateway gamma``: what a person sees, and what a mistake ends in."""

from pathlib import Path

import numpy as np
import pytest

from gateway.app.gamma import compare_files
from gateway.configuration.locate import config_files, config_roots
from gateway.domain.errors import ConfigError
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray
from gateway.reconcile.refined import refined
from gateway.settings import Settings
from tests.dicom_read.builders import plan_bytes
from tests.dicom_read.rt_images import cine, single
from tests.e2e.command import Result, inside
from tests.gamma.dose_files import write_dose


@pytest.fixture
def doses() -> FloatArray:
    z, y, x = np.indices((6, 20, 25))
    blob: FloatArray = 60.0 * np.exp(-((z - 3) ** 2 + (y - 10) ** 2 + (x - 12) ** 2) / 60.0)
    return blob


def gamma(folder: Path, *arguments: str | Path) -> Result:
    return inside(folder / "store", "--json", "gamma", *map(str, arguments))


def test_a_dose_agrees_with_itself(tmp_path: Path, doses: FloatArray) -> None:
    path = write_dose(tmp_path / "dose.dcm", doses)
    done = gamma(tmp_path, path, path)
    assert done.code == 0
    assert done.json["verdict"] == "within tolerance"
    assert done.json["pass_rate_percent"] == 100.0
    assert done.json["mean"] == 0.0
    assert done.json["points"] == np.count_nonzero(doses >= 0.1 * doses.max())
    assert done.json["criteria"]["dose_percent"] == 3.0
    assert done.json["criteria"]["distance_mm"] == 2.0
    assert (done.json["tolerance_percent"], done.json["action_percent"]) == (95.0, 90.0)
    assert "TG-218" in done.json["origin"]
    assert done.json["notes"] == []


def test_the_verdict_is_by_both_limits(tmp_path: Path, doses: FloatArray) -> None:
    """Of 1,000 points as many are wrong as it takes."""
    level = np.full((1, 25, 40), 50.0)
    reference = write_dose(tmp_path / "reference.dcm", level)
    verdicts = []
    for wrong in (50, 100, 110):
        changed = level.copy()
        changed.flat[:wrong] = 80.0
        measured = write_dose(tmp_path / "measured.dcm", changed)
        done = gamma(tmp_path, measured, reference, "--distance", "0.5")
        verdicts.append((done.code, done.json["verdict"], done.json["pass_rate_percent"]))
    assert verdicts == [
        (0, "within tolerance", 95.0),
        (1, "below the tolerance limit", 90.0),
        (1, "below the action limit", 89.0),
    ]


def test_options_change_the_criteria(tmp_path: Path, doses: FloatArray) -> None:
    reference = write_dose(tmp_path / "reference.dcm", doses)
    evaluated = write_dose(tmp_path / "evaluated.dcm", 1.02 * doses, position=(0.5, 0.0, 0.0))
    asked = ["--dose", "1", "--distance", "1", "--local", "--cutoff", "50", "--maximum", "1.5"]
    done = gamma(tmp_path, reference, evaluated, *asked, "--normalisation", "55")
    assert done.json["criteria"] == {
        "dose_percent": 1.0,
        "distance_mm": 1.0,
        "local": True,
        "cutoff_percent": 50.0,
        "maximum_gamma": 1.5,
        "normalisation": 55.0,
    }
    assert done.json["points"] == np.count_nonzero(doses >= 27.5)
    assert done.json["p99"] <= 1.5


def test_cells_can_be_cut_to_the_surface_of_tools_linear_along_each_axis(tmp_path: Path) -> None:
    """The reference is that surface, read off at the middles too."""
    coarse = 50.0 + 10.0 * np.random.default_rng(1).random((1, 9, 9))
    fine = refined(RegularGrid(coarse, (0.0, 0.0, 0.0), (1.0, 2.0, 2.0)), 2).values
    evaluated = write_dose(tmp_path / "evaluated.dcm", coarse)
    reference = write_dose(tmp_path / "reference.dcm", fine, pixel_spacing=(1.0, 1.0))
    triangles = gamma(tmp_path, reference, evaluated)
    asked = gamma(tmp_path, reference, evaluated, "--refine", "2")
    assert triangles.json["p99"] > 0.05
    assert asked.json["p99"] < 1e-5  # the file's dose grid scaling
    assert asked.json["notes"][0].startswith("cells of the evaluated distribution were cut 2 times")


@pytest.mark.parametrize("times", ["0", "100000"])
def test_no_sense_is_made_of_too_fine_a_grid(tmp_path: Path, doses: FloatArray, times: str) -> None:
    path = write_dose(tmp_path / "dose.dcm", doses)
    done = gamma(tmp_path, path, path, "--refine", times)
    assert done.code == 2
    assert "refine" in done.stderr
    assert "Traceback" not in done.stderr


def test_people_read_it_in_three_lines(tmp_path: Path, doses: FloatArray) -> None:
    path = write_dose(tmp_path / "dose.dcm", doses)
    done = inside(tmp_path / "store", "gamma", str(path), str(path))
    first, second, third = done.stdout.splitlines()
    assert first.startswith("within tolerance: 100.00 % of ")
    assert second == ("  gamma 3 %/2 mm global, cut-off 10 %: mean 0.000, 99 % within 0.000")
    assert third.startswith("  limits: AAPM TG-218")


def test_images_are_compared_in_the_isocentre_plane(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(single())
    done = gamma(tmp_path, path, path)
    assert (done.code, done.json["unit"], done.json["mean"]) == (0, "CU", 0.0)


def test_what_differs_in_kind_is_said(tmp_path: Path, doses: FloatArray) -> None:
    first = write_dose(tmp_path / "first.dcm", doses)
    second = write_dose(
        tmp_path / "second.dcm",
        doses[:, :, :20],
        change=lambda dataset: setattr(dataset, "FrameOfReferenceUID", "1.2.4"),
    )
    notes = gamma(tmp_path, first, second).json["notes"]
    assert notes[0] == "Frame of Reference UID differs: '1.2.3' and '1.2.4'"
    assert "searched past the border" in notes[1]


def test_what_cannot_be_compared_is_refused_in_one_line(tmp_path: Path, doses: FloatArray) -> None:
    dose = write_dose(tmp_path / "dose.dcm", doses)
    zero = write_dose(tmp_path / "zero.dcm", 0.0 * doses)
    relative = write_dose(
        tmp_path / "relative.dcm", doses, change=lambda d: setattr(d, "DoseUnits", "RELATIVE")
    )
    for name, content in (("image", single()), ("cine", cine()), ("plan", plan_bytes())):
        (tmp_path / f"{name}.dcm").write_bytes(content)
    (tmp_path / "text.dcm").write_text("no DICOM")
    large = write_dose(tmp_path / "large.dcm", np.ones((90, 90, 90)))
    cases = [
        (("absent.dcm", dose), 3, "absent.dcm: "),
        (("text.dcm", dose), 3, "text.dcm: "),
        (("plan.dcm", dose), 3, "neither an RT Image nor an RT Dose"),
        (("image.dcm", dose), 3, "an image and a dose cannot be compared"),
        (("cine.dcm", "cine.dcm"), 3, "several frames"),
        ((dose, relative), 3, "one is in 'GY', the other in 'RELATIVE'"),
        ((zero, dose), 3, "no point of the reference"),
        ((dose, dose, "--dose", "0"), 2, "dose_percent is 0"),
        ((dose, dose, "--distance", "nan"), 2, "distance_mm is nan"),
        ((dose, dose, "--tolerances", "none"), 2, "none"),
        ((large, large, "--maximum", "1000"), 2, "smaller gamma or distance"),
    ]
    for (first, second, *options), code, words in cases:
        done = gamma(tmp_path, tmp_path / first, tmp_path / second, *options)
        assert done.code == code, words
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_tolerances_without_gamma_judge_none(tmp_path: Path, doses: FloatArray) -> None:
    shipped = config_files("tolerances", config_roots(None))["default"].read_text()
    site = tmp_path / "site"
    (site / "tolerances").mkdir(parents=True)
    (site / "tolerances" / "mine.toml").write_text(shipped.split("[gamma]")[0])
    settings = Settings(store=tmp_path / "store", site=site)
    dose = write_dose(tmp_path / "dose.dcm", doses)
    with pytest.raises(ConfigError, match=r"tolerances mine: \[gamma\] is missing"):
        compare_files(dose, dose, settings, "mine", {})
