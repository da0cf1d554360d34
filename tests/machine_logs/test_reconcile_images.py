"""``reconcile --image``: portal images as files, of deliveries that no gateway saw."""

from pathlib import Path

import pydicom
import pytest

from tests.e2e.command import Result, inside
from tests.e2e.deliveries import delivered, generated

LEAF_MM = 1.3
"""Above the tolerance of a single leaf, 1 mm."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A picket fence: sound, and with a leaf off; and another plan's image."""
    found: dict[str, Path] = {}
    for name, kind in (
        ("sound", "picket-fence"),
        ("leaf", "picket-fence"),
        ("other", "open-field"),
    ):
        folder = tmp_path_factory.mktemp(name)
        plan = generated(folder, kind)
        if name == "leaf":
            _move_a_leaf(plan)
        finished = delivered(folder, plan)
        found |= {
            f"{name} plan": plan,
            f"{name} log": finished.directory / finished.summary["logs"][0],
            f"{name} image": finished.directory / "image_beam_1.dcm",
            f"{name} store": folder / "store",
            f"{name} id": Path(finished.entry.delivery_id),
        }
    return found


def _move_a_leaf(plan: Path) -> None:
    """What a leaf that is off without its machine's knowing does, asked for."""
    dataset = pydicom.dcmread(plan)
    (beam,) = dataset.BeamSequence
    for point in beam.ControlPointSequence:
        for device in point.get("BeamLimitingDevicePositionSequence", []):
            if device.RTBeamLimitingDeviceType == "MLCX":
                places = list(device.LeafJawPositions)
                places[len(places) // 2 + 29] += LEAF_MM
                device.LeafJawPositions = places
    dataset.save_as(plan)


def foreign(made: dict[str, Path], image: Path, *more: str) -> Result:
    """With the plan of the sound picket fence, in a store that does not exist."""
    plan = str(made["sound plan"])
    return inside(Path("none"), "--json", "reconcile", "--plan", plan, "--image", str(image), *more)


def changed(made: dict[str, Path], path: Path, *, absent: tuple[str, ...] = ()) -> Path:
    """The sound image as counts, without some attributes."""
    dataset = pydicom.dcmread(made["sound image"])
    dataset.RescaleType = "US"
    dataset.PixelIntensityRelationshipSign = 1
    for keyword in absent:
        delattr(dataset, keyword)
    dataset.save_as(path)
    return path


def test_a_clean_image_passes_with_its_log(made: dict[str, Path]) -> None:
    ran = foreign(made, made["sound image"], "--log", str(made["sound log"]))
    assert (ran.code, ran.json["verdict"]) == (0, "pass"), ran.stdout
    (image,) = ran.json["images"]
    assert (image["against"], image["matched_by"]) == ("log", "beam number")
    assert (image["meterset_from"], image["output_judged"]) == ("image", True)
    assert image["differing"] == []
    assert image["rms_sigma"] == pytest.approx(1.0, abs=0.15)  # noise only


def test_a_leaf_that_the_log_does_not_know_of_is_named(made: dict[str, Path]) -> None:
    """The log says that all leaves were in place, the image shows one that was not."""
    ran = foreign(made, made["leaf image"], "--log", str(made["sound log"]))
    assert (ran.code, ran.json["verdict"]) == (1, "fail")
    assert [pair["verdict"] for pair in ran.json["pairs"]] == ["pass"]
    (cause,) = ran.json["causes"]
    named = (cause["cause"], cause["bank"], cause["leaf"])
    assert named == ("leaf-miscalibration", "X2", 30)
    assert cause["error"] == pytest.approx(LEAF_MM, abs=0.05)
    (row,) = ran.json["images"][0]["differing"]
    assert row["diagnosis"] == "log-blind"


def test_without_a_log_the_image_is_held_against_the_plan(made: dict[str, Path]) -> None:
    for name, code in (("sound", 0), ("leaf", 1)):
        ran = foreign(made, made[f"{name} image"])
        assert (ran.code, ran.json["images"][0]["against"]) == (code, "plan")
        assert (ran.json["pairs"], ran.json["unwitnessed"]) == ([], [])
    plan, image = str(made["sound plan"]), str(made["sound image"])
    shown = inside(Path("none"), "reconcile", "--plan", plan, "--image", image)
    assert "no log: image against plan" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "verdict PASS, 1 beam"


def test_a_stored_delivery_takes_the_image_of_another(made: dict[str, Path]) -> None:
    """The stored delivery is sound, the image is not of it: the pairs pass, the image does not."""
    store, name = made["sound store"], made["sound id"].name
    ran = inside(store, "--json", "reconcile", name, "--image", str(made["leaf image"]))
    assert (ran.code, ran.json["images"][0]["verdict"]) == (1, "fail")
    assert {pair["verdict"] for pair in ran.json["pairs"]} == {"pass"}


def test_an_image_of_another_plan_fails(made: dict[str, Path]) -> None:
    ran = foreign(made, made["other image"], "--log", str(made["sound log"]))
    assert (ran.code, ran.json["verdict"]) == (1, "fail")
    assert ran.json["images"][0]["matched_by"] == "gantry and collimator"


def test_counts_are_judged_but_for_output(made: dict[str, Path], tmp_path: Path) -> None:
    absent = ("RTImageSID", "XRayImageReceptorTranslation", "ExposureSequence")
    counts = changed(made, tmp_path / "counts.dcm", absent=absent)
    ran = foreign(made, counts, "--sid", "1500")
    assert ran.code == 0, ran.stdout + ran.stderr
    (image,) = ran.json["images"]
    assert (image["unit"], image["output_judged"]) == ("counts", False)
    assert image["meterset_from"] == "plan"
    assert image["assumed"]["RTImageSID"] == "an option"


def test_a_panel_aside_as_the_image_states_is_no_error(made: dict[str, Path]) -> None:
    """What is said of the panel is believed: an image that says otherwise is off by that."""
    ran = foreign(made, made["sound image"], "--panel-at", "3,-2")
    assert ran.code == 1
    x, y = ran.json["images"][0]["panel_mm"]
    assert (x, y) == pytest.approx((-3.0, 2.0), abs=0.05)


def test_what_cannot_be_matched_is_told_in_a_line(made: dict[str, Path], tmp_path: Path) -> None:
    turned = pydicom.dcmread(made["other image"])
    turned.GantryAngle = 90
    for item in turned.get("ExposureSequence", []):
        item.pop("GantryAngle", None)
    turned.save_as(tmp_path / "turned.dcm")
    for image, more in (
        (tmp_path / "turned.dcm", ()),
        (made["sound image"], ("--image", str(made["leaf image"]))),
        (made["sound image"], ("--pitch", "0.1")),
        (made["sound image"], ("--sad", "900")),
        (made["sound image"], ("--room", "halcyon")),
        (made["sound plan"], ()),
        (tmp_path / "missing.dcm", ()),
    ):
        ran = foreign(made, image, *more)
        assert (ran.code, len(ran.stderr.splitlines())) == (3, 1), (image, more, ran.stderr)
    ran = foreign(made, made["sound image"], "--sign", "2")
    assert (ran.code, len(ran.stderr.splitlines())) == (2, 1)
